package picture

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// orientation is the EXIF tag 0x0112: 1 to 8, what must be done to the stored
// picture to see it upright (Exif 2.3, 4.6.4).
type orientation int

const upright orientation = 1

// exifOrientation reads it from the TIFF structure of an EXIF block; 0 when
// that says nothing, or is damaged.
func exifOrientation(exif []byte) orientation {
	if len(exif) < 14 {
		return 0
	}
	var found orientation
	isIt := func(tag imagemeta.TagInfo) bool { return tag.Namespace == "IFD0" && tag.Tag == "Orientation" }
	_, err := imagemeta.Decode(imagemeta.Options{
		R:               bytes.NewReader(exif),
		ImageFormat:     imagemeta.TIFF, // an EXIF block is one
		Sources:         imagemeta.EXIF,
		ShouldHandleTag: isIt,
		HandleTag: func(tag imagemeta.TagInfo) error {
			if !isIt(tag) {
				return nil
			}
			if v, ok := tag.Value.(uint16); ok && v >= 1 && v <= 8 {
				found = orientation(v)
			}
			return imagemeta.ErrStopWalking
		},
		LimitNumTags: 1000,
		LimitTagSize: 1000,
	})
	if err != nil {
		return 0
	}
	return found
}

// turned reports whether the sides change places.
func (o orientation) turned() bool { return o >= 5 }

// place says where the stored pixel (x, y) of a picture of w x h pixels is
// when the picture is upright.
func (o orientation) place(x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}

// stored says where the corner of a square, given in upright pixels, is in the
// stored picture of w x h pixels.
func (o orientation) stored(c Crop, w, h int) (x, y int) {
	switch o {
	case 2:
		return w - c.X - c.Size, c.Y
	case 3:
		return w - c.X - c.Size, h - c.Y - c.Size
	case 4:
		return c.X, h - c.Y - c.Size
	case 5:
		return c.Y, c.X
	case 6:
		return c.Y, h - c.X - c.Size
	case 7:
		return w - c.Y - c.Size, h - c.X - c.Size
	case 8:
		return w - c.Y - c.Size, c.X
	}
	return c.X, c.Y
}

// turn returns the n x n plane upright.
func (o orientation) turn(pix []byte, n int) []byte {
	if o == upright {
		return pix
	}
	out := make([]byte, len(pix))
	for y := range n {
		for x := range n {
			u, v := o.place(x, y, n, n)
			out[v*n+u] = pix[y*n+x]
		}
	}
	return out
}

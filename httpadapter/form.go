package httpadapter

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

var errMultipart = problemf(400, "bad_multipart", "The form must hold one file in the field "+pictureField+".")

// formFile returns the content of the one file in the field profile_picture.
// Other fields are skipped, a second picture is refused. Nothing is spooled:
// the picture is read as it arrives, so what follows it in the form is
// checked when its end is reached.
func (c *call) formFile(boundary string, limit int64) (io.Reader, error) {
	body := &formBody{r: c.body(limit), left: formOverhead}
	mr := multipart.NewReader(body, boundary)
	for range maxParts {
		part, err := mr.NextRawPart()
		if err != nil {
			return nil, formError(err)
		}
		if part.FormName() == pictureField {
			body.free = true
			return &formPicture{body: body, form: mr, part: part}, nil
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, formError(err)
		}
	}
	return nil, errMultipart
}

// formBody bounds what a form is besides the picture: the multipart reader
// alone would keep 10 MiB of a part's headers in memory.
type formBody struct {
	r    io.Reader
	left int  // bytes besides the picture
	free bool // it is the picture that is being read
}

func (b *formBody) Read(p []byte) (int, error) {
	if b.free {
		return b.r.Read(p)
	}
	if b.left == 0 {
		return 0, errMultipart
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// formPicture reads the picture's part and, at its end, makes sure that the
// form ends properly without another picture.
type formPicture struct {
	body *formBody
	form *multipart.Reader
	part *multipart.Part
}

func (f *formPicture) Read(p []byte) (int, error) {
	n, err := f.part.Read(p)
	if err == nil || err != io.EOF {
		return n, formError(err)
	}
	f.body.free = false
	for range maxParts {
		next, err := f.form.NextRawPart()
		if err == io.EOF {
			return n, io.EOF
		}
		if err != nil {
			return n, formError(err)
		}
		if next.FormName() == pictureField {
			return n, errMultipart
		}
		if _, err := io.Copy(io.Discard, next); err != nil {
			return n, formError(err)
		}
	}
	return n, errMultipart
}

// formError keeps limits and time-outs apart from a form that is malformed,
// and drops the reader's text, which may repeat what was sent.
func formError(err error) error {
	var tooBig *http.MaxBytesError
	var p *problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooBig):
		return tooBig
	case errors.As(err, &p) && p != nil && p.Status == http.StatusRequestTimeout:
		return p
	}
	return errMultipart
}

// isJPEGOrPNG is what the replaced application's upload took.
func isJPEGOrPNG(head []byte) error {
	if bytes.HasPrefix(head, []byte("\xff\xd8\xff")) || bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")) {
		return nil
	}
	return problemf(415, "unsupported_media_type", "Only jpg, jpeg and png pictures are taken here.")
}

package picture

// header is what the structure of a file says before anything is decoded.
type header struct {
	format format
	// width and height are those of the whole picture as stored, before it is
	// turned upright.
	width, height int
	// memory estimates what decoding allocates, in bytes.
	memory int64
	// exif is the TIFF structure of the first EXIF block, or nil.
	exif []byte
	// orientation is what the structure itself says; 0 leaves it to exif.
	orientation orientation
	// xmp is the first XMP packet; its packet is nil when there is none.
	xmp xmp
	// space is what is said of the colours.
	space space
	// decoder decodes a format that the host added.
	decoder Decoder
	// frame is the first frame of an animated WebP, or nil.
	frame *webpFrame
}

// inspect walks the structure of a file and holds it against the limits. It
// allocates next to nothing, whatever the file claims.
func inspect(data []byte, lim Limits, decoders []Decoder) (h header, err error) {
	// It runs in the goroutine of the request, on hostile bytes: a mistake here
	// must cost one picture, not the process.
	if panicked := guard(func() error { h, err = walk(data, lim, decoders); return nil }); panicked != nil {
		return header{}, panicked
	}
	return h, err
}

func walk(data []byte, lim Limits, decoders []Decoder) (header, error) {
	h, err := recognise(data, decoders)
	if err != nil {
		return header{}, err
	}
	switch h.format {
	case formatOther:
		err = h.inspectOther(data, lim)
	case formatJPEG:
		err = h.inspectJPEG(data, lim)
	case formatPNG:
		err = h.inspectPNG(data, lim)
	case formatGIF:
		err = h.inspectGIF(data, lim)
	case formatWebP:
		err = h.inspectWebP(data, lim)
	}
	if err != nil {
		return header{}, err
	}
	// The file itself, and what the squares are made in.
	h.memory += int64(len(data)) + 4*min(h.pixels(), 2560*2560) + 4<<20
	if h.memory > lim.Memory {
		return header{}, rejectf(ReasonMemory, "decoding it would take %s of memory; the limit is %s", byteCount(h.memory), byteCount(lim.Memory))
	}
	return h, nil
}

// size notes the sides and refuses those that are 0 or too many pixels.
func (h *header) size(width, height int, most int64) error {
	if width <= 0 || height <= 0 {
		return rejectf(ReasonSides, "it is %d x %d pixels; both sides must be at least 1", width, height)
	}
	if int64(width) > most/int64(height) { // their product may not fit
		return rejectf(ReasonPixels, "it is %d x %d pixels, which is %.1f megapixels; the limit is %.1f",
			width, height, float64(width)*float64(height)/1e6, float64(most)/1e6)
	}
	h.width, h.height = width, height
	return nil
}

func (h *header) pixels() int64 { return int64(h.width) * int64(h.height) }

// name is how people call the format.
func (h *header) name() string {
	if h.decoder != nil {
		return h.decoder.Name()
	}
	return h.format.String()
}

// turn is what must be done to the stored picture to see it upright.
func (h *header) turn() orientation {
	if h.orientation != 0 {
		return h.orientation
	}
	if o := exifOrientation(h.exif); o != 0 {
		return o
	}
	return max(h.xmp.orientation(), upright)
}

func tooMany(reason, what string, most int) error {
	return rejectf(reason, "it has more than the %d %s allowed", most, what)
}

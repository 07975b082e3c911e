package imagetest

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// The card as WebP, 64 x 64 pixels, written by libwebp, since nothing in Go
// writes these. In the ones with alpha the top left quarter has alpha 128.
const (
	webpLossy      = "UklGRo4AAABXRUJQVlA4IIIAAADQBQCdASpAAEAAPpE6l0eloyIhMAgAsBIJQBlsvD/ANZL4B+QH4gcgEd+glUGw9ZO9ZHJrQpagAP7upj6h1/v+7oGg4jc73TEOu9CM71p3seLseLseL9iXj0g1LAPLB/04Q90EdZFddzeWznvf8oY+oNf7/JMoTA6nnFAEvwdfbeAA"
	webpLossless   = "UklGRjoAAABXRUJQVlA4TC0AAAAvP8APAB8gEEjaH3qN+RcQFPk/2vwHXySASIDEk570pIkBtIj+T8Cx6Ftw6BsA"
	webpLossyAlpha = "UklGRsAAAABXRUJQVlA4WAoAAAAQAAAAPwAAPwAAQUxQSBcAAAABD/DA/4iIIBZM5i8dQm9E/yegCr79BwBWUDggggAAAFAGAJ0BKkAAQAA+tUqeSackIqEwCADgFolBDgAwBLyfkv5AbG7zP8VfxA5IM79BLKyN4RZe/33S0LKAAP36s3Pwr0b/IpKrZsHyM8sr4o0MVs9zb7m3350vIcGdAO/uVLqC72jfdTWhwujX7LwT9fkEPzpGJD6beTholK8eAaAAAAA="
	webpAlpha      = "UklGRj4AAABXRUJQVlA4TDEAAAAvP8APEB8gEEjaH3qN+RcQFPk/moCg6Lrlgl8kApEAiSc96UkTA2gR/Z+AY9G34NA3AA=="
	// Two frames; the second is the negative.
	webpAnimated = "UklGRmoBAABXRUJQVlA4WAoAAAACAAAAPwAAPwAAQU5JTQYAAAD/////AABBTk1GmgAAAAAAAAAAAD8AAD8AAGQAAAJWUDggggAAANAFAJ0BKkAAQAA+kTqXR6WjIiEwCACwEglAGWy8P8A1kvgH5AfiByAR36CVQbD1k71kcmtClqAA/u6mPqHX+/7ugaDiNzvdMQ670IzvWnex4ux4ux4v2JePSDUsA8sH/ThD3QR1kV13N5bOe9/yhj6g1/v8kyhMDqecUAS/B19t4ABBTk1GnAAAAAAAAAAAAD8AAD8AAGQAAABWUDgghAAAADQGAJ0BKkAAQAA+kUCXR4MB34AAASCUEOAC9n/P+QfjdtE/EfyA/EnnDNWTv0ED9etABbgl4BEhPcgA/grNzxToJOoJhaezLiklnd+LK9BD+7Ec9iOewZJiagVWWqyKlLmSNuV1s1Od3CrVNgZm7dRPEK6Y7XIZLuNSvCUkeKG0SgAAAA=="
	// 16 x 16 black pixels.
	webpBlack = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoQABAAAUAmJaQAA3AA/v02aAA="
)

func unbase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	must(err)
	return b
}

// WebPLossy is the card with the lossy codec.
func WebPLossy() []byte { return unbase64(webpLossy) }

// WebPBlack is lossy and black all over.
func WebPBlack() []byte { return unbase64(webpBlack) }

// WebPAnimated is an animation whose first frame is the card.
func WebPAnimated() []byte { return unbase64(webpAnimated) }

// InWebP puts a chunk ("ICCP", "EXIF" or "XMP ") into a still WebP file of w x h
// pixels without one, in the order that the format asks for.
func InWebP(file []byte, w, h int, kind string, body []byte) []byte {
	flags := map[string]byte{"ICCP": 1 << 5, "EXIF": 1 << 3, "XMP ": 1 << 2}
	le24 := func(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }
	out := []byte("WEBP")
	chunk := func(kind string, body []byte) {
		out = append(out, kind...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = append(append(out, body...), make([]byte, len(body)%2)...)
	}
	chunk("VP8X", slices.Concat([]byte{flags[kind], 0, 0, 0}, le24(w-1), le24(h-1)))
	if kind == "ICCP" {
		chunk(kind, body)
	}
	out = append(out, file[12:]...)
	if kind != "ICCP" {
		chunk(kind, body)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(out))), out...)
}

package cloudinaryblob

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// headerSize is the length of the line before a raw blob, in bytes. It is
// always the same, so that a listing tells the length of the blob.
const headerSize = 512

// header is that line: JSON, filled up with spaces.
type header struct {
	Format       string    `json:"format"`
	Size         int64     `json:"size"`
	ContentType  string    `json:"type"`
	CacheControl string    `json:"cache"`
	ModTime      time.Time `json:"time"`
}

const headerFormat = "profilekit 1"

func encodeHeader(size int64, meta storage.Meta, now time.Time) ([]byte, error) {
	text, err := json.Marshal(header{headerFormat, size, meta.ContentType, meta.CacheControl, now.UTC()})
	if err != nil || len(text) >= headerSize {
		return nil, errors.New("the content type and the cache header are too long")
	}
	line := make([]byte, headerSize)
	for i := copy(line, text); i < headerSize-1; i++ {
		line[i] = ' '
	}
	line[headerSize-1] = '\n'
	return line, nil
}

var errHeader = errors.New("the raw file is not one of ours")

// readHeader reads it; err is of r, or errHeader.
func readHeader(r io.Reader) (header, error) {
	var h header
	line := make([]byte, headerSize)
	if _, err := io.ReadFull(r, line); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return h, errHeader
	} else if err != nil {
		return h, err
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Format != headerFormat || h.Size < 0 {
		return h, errHeader
	}
	return h, nil
}

package heic_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/profile/picture/heic"
)

func Example() {
	dec, err := heic.New(heic.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dec.Close()
	// One Decoder serves the whole process. Decoders of a picture.Policy take
	// it too, in httpadapter.Config and in picture.Config.
	opts := picture.Options{Decoders: []picture.Decoder{dec}}

	res, err := picture.Process(context.Background(), bytes.NewReader(imagetest.HEIC()), opts)
	fmt.Println(len(res.Squares), res.ContentType, err)
	_, err = picture.Process(context.Background(), strings.NewReader("<svg onload=alert(1)>"), opts)
	fmt.Println(err)
	// Output:
	// 4 image/jpeg <nil>
	// an SVG drawing is not supported; send a JPEG, PNG, GIF, WebP or HEIC picture
}

package s3blob_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage/s3blob"
)

// The client is the host's own; with the SDK's config package it would be
// s3.NewFromConfig(cfg).
func Example() {
	client := s3.New(s3.Options{
		Region:      "eu-central-1",
		Credentials: credentials.NewStaticCredentialsProvider("key id", "secret", ""),
	})
	pics, err := s3blob.New(client, "my-pictures", s3blob.Options{PublicBase: "https://cdn.example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pics.PublicURL("k3v9-512.jpg"))
	// Output: https://cdn.example.org/k3v9-512.jpg
}

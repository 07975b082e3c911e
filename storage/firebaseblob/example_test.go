package firebaseblob_test

import (
	"context"
	"fmt"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/profilekit/profilekit/storage/firebaseblob"
)

// The client is the host's own, usually with its default credentials.
func Example() {
	client, err := gcs.NewClient(context.Background(), option.WithoutAuthentication())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	pics, err := firebaseblob.New(client.Bucket("my-app.appspot.com"), firebaseblob.Options{
		TokenKey: []byte("32 random bytes, kept as a secret"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pics.PublicURL("k3v9-512.jpg")[:80])
	// Output: https://firebasestorage.googleapis.com/v0/b/my-app.appspot.com/o/k3v9-512.jpg?al
}

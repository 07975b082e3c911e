package cloudinaryblob_test

import (
	"fmt"

	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

// The largest size is stored, and Cloudinary makes the others.
func Example() {
	pics, err := cloudinaryblob.New("my-cloud", "api key", "secret", cloudinaryblob.Options{Folder: "pictures/", Public: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pics.PublicURL("k3v9-512.jpg"))
	fmt.Println(pics.ResizedURL("k3v9-512.jpg", 64))
	// Output:
	// https://res.cloudinary.com/my-cloud/image/upload/v1/pictures/k3v9-512-jpg.jpg
	// https://res.cloudinary.com/my-cloud/image/upload/c_fill,g_face,f_auto,q_auto,w_64,h_64/v1/pictures/k3v9-512-jpg.jpg
}

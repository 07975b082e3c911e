package copying_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

func Example() {
	ctx := context.Background()
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	var all keys // a program asks its database
	for _, key := range []string{"ada-512.jpg", "grace-512.jpg"} {
		if err := from.Put(ctx, key, strings.NewReader("picture"), storage.Meta{ContentType: "image/jpeg"}); err != nil {
			fmt.Println(err)
		}
		all.add(key)
	}
	report, err := copying.Run(ctx, copying.Config{From: from, To: to, Keys: &all})
	fmt.Println(report.Copied, report.Bytes, err)
	report, err = copying.Run(ctx, copying.Config{From: from, To: to, Keys: &all, Verify: true, DeleteSource: true})
	fmt.Println(report.Present, report.Deleted, err)
	// Output:
	// 2 14 <nil>
	// 2 2 <nil>
}

package modeltest_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/modeltest"
)

// A database takes the place of the second model.
func ExampleCompare() {
	fmt.Println(modeltest.Compare(context.Background(), memstore.New(), 7, 500))
	// Output: <nil>
}

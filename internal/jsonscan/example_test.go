package jsonscan_test

import (
	"fmt"
	"reflect"

	"github.com/profilekit/profilekit/internal/jsonscan"
)

func Example() {
	type address struct {
		Country string `json:"country"`
	}
	type body struct {
		Address *address `json:"address"`
	}
	schema, err := jsonscan.Of(reflect.TypeFor[body]())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, data := range []string{
		`{"address":{"country":"FR"}}`,
		`{"address":{"contry":"FR"}}`,
		`{"address":{"country":33}}`,
		`{"address":null,}`,
	} {
		fmt.Println(jsonscan.Scan([]byte(data), schema, jsonscan.Options{}))
	}
	// Output:
	// <nil>
	// unknown field address.contry
	// address.country must be of the JSON type string
	// malformed JSON at byte 16: a name in quotes must be here
}

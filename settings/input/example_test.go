package input_test

import (
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/settings/input"
)

// french is a part of what a client has.
var french = map[input.Code]string{
	input.TooShort:    "doit avoir au moins %[1]v caractères",
	input.Unconfirmed: "doit d'abord être confirmée",
}

// What was refused, as its text says it and as a client says it in another
// language.
func Example() {
	err := input.Invalid(
		input.Short("password", 15),
		input.Under("billing", input.New("email", input.Unconfirmed, nil)),
	)
	fmt.Println(err)

	var bad *input.InvalidError
	if errors.As(err, &bad) {
		for _, f := range bad.Fields {
			fmt.Print(f.Field, " ")
			if f.Code == input.TooShort {
				fmt.Printf(french[f.Code]+"\n", f.Params["min"])
			} else {
				fmt.Println(french[f.Code])
			}
		}
	}
	// Output:
	// invalid password: must be 15 characters or more; billing.email: must be confirmed first
	// password doit avoir au moins 15 caractères
	// billing.email doit d'abord être confirmée
}

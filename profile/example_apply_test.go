package profile_test

import (
	"fmt"

	"github.com/profilekit/profilekit/profile"
)

// A host's own store reads its row, applies the patch and writes the row back, all in
// one transaction. It names no field of the profile.
func ExamplePatch_Apply() {
	name, none := "Ada Lovelace", ""
	before := profile.User{Username: "ada", Bio: "Counts.", Pronouns: "she/her", Version: 7}
	after := profile.Patch{DisplayName: &name, Bio: &none}.Apply(before)
	after.Version++
	fmt.Printf("%q %q %q %d\n", after.DisplayName, after.Bio, after.Pronouns, after.Version)
	// Output: "Ada Lovelace" "" "she/her" 8
}

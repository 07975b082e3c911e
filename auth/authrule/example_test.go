package authrule_test

import (
	"fmt"

	"github.com/profilekit/profilekit/auth/authrule"
)

// Somebody with the password of an account without a factor wants to add an app.
func ExampleOf() {
	cell := authrule.Of(authrule.Mailbox, authrule.AddFactor)
	fmt.Println(cell.Verdict(authrule.ByPassword), cell.Missing(authrule.ByPassword))
	fmt.Println(cell.Verdict(authrule.ByPassword | authrule.ByMailbox))
	// Output:
	// wait [mailbox wait]
	// at_once
}

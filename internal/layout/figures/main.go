// Command figures prints docs/figures.md. It is run at the root of the repository:
//
//	go run ./internal/layout/figures
package main

import (
	"fmt"
	"os"

	"github.com/profilekit/profilekit/internal/layout"
)

func main() {
	text, err := layout.Figures(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(text)
}

package conform_test

import (
	"fmt"

	"github.com/profilekit/profilekit/internal/conform"
)

func ExampleTogether() {
	once := make(chan bool, 1)
	once <- true
	won := 0
	for _, err := range conform.Together(100, func(int) error {
		select {
		case <-once:
			return nil
		default:
			return fmt.Errorf("too late")
		}
	}) {
		if err == nil {
			won++
		}
	}
	fmt.Println(won, "of 100 won")
	// Output: 1 of 100 won
}

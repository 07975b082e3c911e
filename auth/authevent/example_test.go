package authevent_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
)

// alarm is an activity.Recorder of a host that looks at what takes factors away.
type alarm struct{}

func (alarm) Record(_ context.Context, events ...activity.Event) error {
	for _, e := range events {
		switch e.Kind {
		case authevent.FactorRemoved, authevent.FactorsRecovered:
			fmt.Println("look at", e.UserID)
		}
	}
	return nil
}

func Example() {
	_ = alarm{}.Record(context.Background(), activity.Event{Kind: authevent.SignIn, UserID: "1"}, activity.Event{Kind: authevent.FactorRemoved, UserID: "2"})
	// Output: look at 2
}

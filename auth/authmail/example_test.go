package authmail_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/auth/authmail"
)

// queue is a Courier of a host that writes messages down, to be sent after the
// transaction of ctx.
type queue struct{ letters []string }

func (q *queue) Deliver(_ context.Context, m authmail.Message) error {
	if m.To != "" { // else it is for nobody
		q.letters = append(q.letters, string(m.Kind)+" to "+m.To)
	}
	return nil
}

func Example() {
	q := &queue{}
	var courier authmail.Courier = q
	_ = courier.Deliver(context.Background(), authmail.Message{Kind: authmail.Reset, Channel: authmail.ByEmail, To: "ada@example.org"})
	_ = courier.Deliver(context.Background(), authmail.Message{Kind: authmail.Reset, Channel: authmail.ByEmail})
	fmt.Println(q.letters)
	// Output: [reset to ada@example.org]
}

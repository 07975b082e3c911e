package auth

import (
	"context"
	"time"
)

// Channel is the way by which a message goes.
type Channel string

// The channels.
const (
	ByEmail Channel = "email"
	BySMS   Channel = "sms"
)

// MessageKind says what a message is about; it chooses the text.
type MessageKind string

// The messages with a secret in them. Notices of what happened come from the
// events of package activity instead.
const (
	// MessageVerify has the link that proves the address of a new account.
	MessageVerify MessageKind = "verify"
	// MessageSignUpTaken tells the owner of an address that somebody signed up
	// with it; it goes where MessageVerify would, so that the answer is the same.
	MessageSignUpTaken MessageKind = "sign_up_taken"
	// MessageReset has the link that sets a new password.
	MessageReset MessageKind = "reset"
	// MessageEmailChange has the link that proves a new address, and
	// MessageEmailChanging tells the old one, with the link that undoes it.
	MessageEmailChange   MessageKind = "email_change"
	MessageEmailChanging MessageKind = "email_changing"
	// MessageCode has a code for a second factor, MessagePhone one that proves a
	// phone number.
	MessageCode  MessageKind = "code"
	MessagePhone MessageKind = "phone"
	// MessageFactorRecovery tells that the second factors shall be removed, with
	// the link that does it from WorksFrom on, and in Report the one that stops it.
	// As a text message it has no link.
	MessageFactorRecovery MessageKind = "factor_recovery"
	// MessageNotice tells what happened: Event is its kind; it has the link
	// "this wasn't me".
	MessageNotice MessageKind = "notice"
)

// Message is what a Courier brings to somebody. It holds secrets: it is for
// nobody else, and for no log.
type Message struct {
	Kind    MessageKind
	Channel Channel
	// To is the address or the phone number, as stored, never as typed.
	To string
	// UserID is whose account it is about; "" for nobody's.
	UserID string
	// Name is how the person is called in the text.
	Name string
	// Locale is a BCP 47 tag, "" for the default.
	Locale string
	// Link and Code are the secrets, as the kind has them; Report is the link
	// "this wasn't me", "" when the kind has none.
	Link   string
	Code   string
	Report string
	// Event is the activity.Kind of a notice, Detail what its text shows of it, such
	// as the device.
	Event  string
	Detail map[string]string
	// WorksFrom is when Link begins to work; zero is at once.
	WorksFrom time.Time
	// At is when it happened; ExpiresAt when the secret is worth nothing, after
	// which the message is no longer sent. Zero is never.
	At        time.Time
	ExpiresAt time.Time
}

// Courier brings messages to people. Deliver is called inside the transaction
// that makes the message's secret true: it must not wait for a network, but
// write the message down with it and send it later (settings/notify does). A
// message of a transaction that is rolled back must not be sent.
//
// A Message without To is for nobody: Deliver does the same work for it as for
// another, and it is never sent. It stands for the one that would have gone to an
// account that does not exist, so that nobody can tell by the time it takes.
type Courier interface {
	Deliver(ctx context.Context, m Message) error
}

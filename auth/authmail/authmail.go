// Package authmail is what package auth tells people: a [Message], and the [Courier] that a
// host implements to bring it. settings/notify has one that sends mail and text messages.
//
// The way of a message is: Message, Courier, an item of the outbox, a letter, a sender.
package authmail

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

// Kind says what a message is about; it chooses the text.
type Kind string

// The kinds of messages. Package settings/notify makes a Notice of an event; package auth
// makes the others.
const (
	// Verify has the link that proves the address of a new account.
	Verify Kind = "verify"
	// SignUpTaken tells the owner of an address that somebody signed up
	// with it; it goes where Verify would, so that the answer is the same.
	SignUpTaken Kind = "sign_up_taken"
	// Reset has the link that sets a new password.
	Reset Kind = "reset"
	// TakenOver tells who confirmed an address without the password that the account is
	// the reader's, with the link that sets a password. Its Detail "emptied" is "true"
	// when something was in the account, which was removed.
	TakenOver Kind = "taken_over"
	// EmailChange has the link that proves a new address, and
	// EmailChanging tells the old one, with the link that undoes it.
	EmailChange   Kind = "email_change"
	EmailChanging Kind = "email_changing"
	// Handover has the link that from WorksFrom on proves a new address which the host gave
	// the account, and HandoverBegun tells the old address, with the link that undoes it.
	// As a text message HandoverBegun has no link.
	Handover      Kind = "handover"
	HandoverBegun Kind = "handover_begun"
	// Code has a code for a second factor, Phone one that proves a
	// phone number.
	Code  Kind = "code"
	Phone Kind = "phone"
	// Proof has the code by which somebody who is signed in proves the mailbox, before a
	// change of what opens the account.
	Proof Kind = "proof"
	// Wait tells that somebody who knows the password, but could not prove the mailbox,
	// waits until WorksFrom to change what opens the account; Report stops it. As a text
	// message it has no link.
	Wait Kind = "wait"
	// FactorRecovery tells that the second factors shall be removed, with
	// the link that does it from WorksFrom on, and in Report the one that stops it.
	// As a text message it has no link.
	FactorRecovery Kind = "factor_recovery"
	// FactorRemoval is FactorRecovery that the host began.
	FactorRemoval Kind = "factor_removal"
	// Notice tells what happened: Event is its kind; it has the link
	// "this wasn't me".
	Notice Kind = "notice"
)

// Message is what a Courier brings to somebody. It holds secrets: it is for
// nobody else, and for no log.
type Message struct {
	Kind    Kind
	Channel Channel
	// To is the address or the phone number, as stored, never as typed.
	To string
	// UserID is whose account it is about; "" for nobody's.
	UserID string
	// Name is how the person is called in the text: the user name.
	Name string
	// Account is the user name of the account that it is about, which a text shows
	// within quotes; "" when that is nobody's or no fit text for this reader.
	Account string
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

// Courier brings messages to people. Deliver is called in the transaction that stores the
// ticket of the link or the code; ctx carries it, as sqlstore.Tx shows. Deliver writes the
// message in that transaction, sealed, since it holds a secret, and sends it after the
// commit: it must not wait for a network. A message of a transaction that is rolled back
// must not be sent, and one may come twice. Package settings/notify does all of this, and
// also tells people what happened: for another way of sending, implement its Sender.
//
// A Message without To is for nobody: Deliver does the same work for it as for
// another, and it is never sent. It stands for the one that would have gone to an
// account that does not exist, so that nobody can tell by the time it takes.
type Courier interface {
	Deliver(ctx context.Context, m Message) error
}

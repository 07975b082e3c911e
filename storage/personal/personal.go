// Package personal is the two things that everybody who keeps something of a person
// owes that person: a copy of it, and that it is forgotten (the rights of access,
// of portability and to erasure, GDPR articles 15, 17 and 20).
//
// Each package that keeps something of users is a Contributor, and so is a host. A
// profile.Exporter asks all of them for the copy, a profile.Eraser has all of them
// forget. It is one interface, so that nobody forgets one of the two by accident.
package personal

import "context"

// Contributor keeps something of users beside their profile. personaltest.Run is the
// suite that an implementation passes.
type Contributor interface {
	// ExportUser adds files to a with what is kept of the user. Reads of a database
	// happen within Archive.Bounded, and no connection is held while a file is
	// written: whoever reads may be slow. Secrets, such as hashes of passwords, and
	// what is of other people stay out. A user of whom nothing is kept is no error.
	ExportUser(ctx context.Context, userID string, a *Archive) error
	// EraseUser removes everything of the user. It is called outside any
	// transaction, before the user is removed, and again until it succeeded
	// once and the user is gone: what is removed already is no error, nor is a user
	// of whom nothing was ever kept. Several nodes may call it at once.
	EraseUser(ctx context.Context, userID string) error
}

// Emptier is what keeps something that a person wrote in an account that goes on: settings,
// the blobs of a picture.
type Emptier interface {
	// EmptyUser removes what the user wrote. It is called when the account goes to
	// another person than the one who made it, in the transaction of ctx in which it
	// does; it may be called again for one change. An error undoes all of it. The
	// account goes on, so what remains must be good for the person who has it then: who
	// sees something is the most careful choice.
	EmptyUser(ctx context.Context, userID string) error
}

// Funcs are functions as a Contributor. A function that is nil says that there is
// nothing to hand out, or nothing to forget.
type Funcs struct {
	Export func(ctx context.Context, userID string, a *Archive) error
	Erase  func(ctx context.Context, userID string) error
}

var _ Contributor = Funcs{}

// ExportUser implements Contributor.
func (f Funcs) ExportUser(ctx context.Context, userID string, a *Archive) error {
	if f.Export == nil {
		return ctx.Err()
	}
	return f.Export(ctx, userID, a)
}

// EraseUser implements Contributor.
func (f Funcs) EraseUser(ctx context.Context, userID string) error {
	if f.Erase == nil {
		return ctx.Err()
	}
	return f.Erase(ctx, userID)
}

package authrule

import "time"

// NewcomerFor is how long a new account with an address that was never proved may replace
// that address by its password alone: people mistype theirs.
const NewcomerFor = 7 * 24 * time.Hour

// Told is somebody who hears of a change.
type Told string

// The ones who are told. The feed of the account tells every change.
const (
	Feed       Told = "feed"
	Address    Told = "address"
	OldAddress Told = "old address"
	Phone      Told = "phone"
)

// Back is a way in which a change is stopped or taken back.
type Back string

// The ways back.
const (
	// NotMe is the link "this wasn't me" in the message: sessions end, what waits is off and
	// the password is reset.
	NotMe Back = "not-me link"
	// Undo is the link to the old address, for 72 hours after the change.
	Undo Back = "undo link"
	// TwoProofs is the opposite change, which the same rule governs.
	TwoProofs Back = "two proofs"
	// Session is a session that is older than the wait.
	Session Back = "older session"
	// Signed is anybody who is signed in.
	Signed Back = "any session"
	// Nobody takes it back.
	Nobody Back = "nobody"
)

// afterwards is who is told of a change and who can take it back, in every state.
var afterwards = map[Change]Cell{
	AddFactor:    {Told: []Told{Feed, Address}, Back: []Back{NotMe, TwoProofs}},
	RemoveFactor: {Told: []Told{Feed, Address}, Back: []Back{NotMe, TwoProofs}},
	RenewCodes:   {Told: []Told{Feed, Address}, Back: []Back{NotMe, TwoProofs}},
	ChangePhone:  {Told: []Told{Feed, Address}, Back: []Back{NotMe, TwoProofs}},
	ChangeEmail:  {Told: []Told{Feed, OldAddress}, Back: []Back{NotMe, Undo}},
	TrustDevice:  {Told: []Told{Feed, Address}, Back: []Back{NotMe, Signed}},
	DeleteAtOnce: {Told: []Told{Address}, Back: []Back{Nobody}},
}

// OfWait is who is told that a wait began, and who can call it off.
var OfWait = Cell{Told: []Told{Feed, Address, Phone}, Back: []Back{NotMe, Session}}

// says is the row of a state in which every change needs the same.
func says(c Cell) map[Change]Cell {
	row := make(map[Change]Cell, len(Changes()))
	for _, change := range Changes() {
		row[change] = c
	}
	return row
}

// but is row with other cells for some changes.
func but(row map[Change]Cell, c Cell, changes ...Change) map[Change]Cell {
	for _, change := range changes {
		row[change] = c
	}
	return row
}

// The proofs of the cells, by the numbers of the rule in the package's comment.
var (
	factor      = Cell{AtOnce: []Proofs{ByFactor}}
	password    = Cell{AtOnce: []Proofs{ByPassword}}
	both        = Cell{AtOnce: []Proofs{ByPassword | ByMailbox, ByPassword | ByWait}, Wait: ByPassword}
	mailbox     = Cell{AtOnce: []Proofs{ByMailbox | ByWait}, Wait: ByMailbox}
	waited      = Cell{AtOnce: []Proofs{ByPassword | ByWait}, Wait: ByPassword}
	addressElse = Cell{Refused: AddressFirst}
	factorElse  = Cell{Refused: FactorFirst}
	hostElse    = Cell{Refused: ByHost}
)

// Without a proved address there is no factor to remove and no set of codes to renew: the
// password is enough to be told so.
var table = map[State]map[Change]Cell{
	Factor:         says(factor),
	Mailbox:        says(both),
	MailboxAlone:   says(mailbox),
	Newcomer:       but(but(says(addressElse), password, RemoveFactor, RenewCodes), password, ChangeEmail, DeleteAtOnce),
	Unproved:       but(but(says(addressElse), password, RemoveFactor, RenewCodes), waited, ChangeEmail, DeleteAtOnce),
	NoMailPassword: says(password),
	NoMailFactor:   but(says(factorElse), password, AddFactor),
	NoMailRefuse:   says(hostElse),
}

// Of is what the rule says of a change of an account in a state. It is a cell that refuses
// the change when one of the two is none.
func Of(s State, c Change) Cell {
	cell, ok := table[s][c]
	if !ok {
		return Cell{Refused: ByHost, Told: []Told{Feed}, Back: []Back{Nobody}}
	}
	cell.Told, cell.Back = afterwards[c].Told, afterwards[c].Back
	return cell
}

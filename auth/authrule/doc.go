// Package authrule is the rule "two proofs, or a wait" as data: what somebody has to prove
// before an account gets or loses what opens it. Package auth obeys the rule; a host reads it,
// and shows its users what is missing.
//
// A stolen password alone must not give the account away for good. So whoever adds, removes
// or replaces a factor, recovery codes, the phone or the address, or trusts a device, shows
// two things:
//
//  1. An account with a factor: an answer of a factor that was there before.
//  2. An account without a factor: the password, and a code that went to the address. Who does
//     not get the mail begins a wait, of which the address and the phone are told. When the
//     wait is over it stands for the code, together with the password.
//  3. An account whose address was never proved: the address may be replaced by the password,
//     and after the first week by the password and the wait. A factor needs a proved address.
//  4. A program that cannot send mail, or does not know whether an address was proved: the
//     host chooses one of the last three rows.
//  5. An account without a password: the code, and then the wait.
//
// Without a factor the mailbox is the account: whoever reads the mailbox resets the password,
// and then has both proofs. Whoever wants more adds a factor.
//
// # The table
//
//	the account has              change                 enough at once
//	a factor                     every change           factor
//	a mailbox                    every change           password and mailbox, or password and wait; a wait begins by password
//	a mailbox, no password       every change           mailbox and wait; a wait begins by mailbox
//	no proof of the address yet  add a factor           refused: prove the address first
//	                             remove a factor        the same
//	                             renew recovery codes   the same
//	                             change the phone       the same
//	                             trust a device         the same
//	                             change the address     password
//	                             delete at once         the same
//	no proof of the address      add a factor           refused: prove the address first
//	                             remove a factor        the same
//	                             renew recovery codes   the same
//	                             change the phone       the same
//	                             trust a device         the same
//	                             change the address     password and wait; a wait begins by password
//	                             delete at once         the same
//	no mail: password            every change           password
//	no mail: factor only         add a factor           password
//	                             remove a factor        refused: needs a factor
//	                             renew recovery codes   the same
//	                             change the phone       the same
//	                             change the address     the same
//	                             trust a device         the same
//	                             delete at once         the same
//	no mail: refuse              every change           refused: only the host
//
//	change                 told                         stopped or taken back by
//	add a factor           feed, address                not-me link, two proofs
//	remove a factor        feed, address                not-me link, two proofs
//	renew recovery codes   feed, address                not-me link, two proofs
//	change the phone       feed, address                not-me link, two proofs
//	change the address     feed, old address            not-me link, undo link
//	trust a device         feed, address                not-me link, any session
//	delete at once         address                      nobody
//	a wait that begins     feed, address, phone         not-me link, older session
package authrule

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
//	factor                       every change           factor
//	mailbox                      every change           password and mailbox, or password and wait; a wait begins by password
//	mailbox_no_password          every change           mailbox and wait; a wait begins by mailbox
//	newcomer                     add_factor             refused: address_first
//	                             change_phone           the same
//	                             trust_device           the same
//	                             remove_factor          password
//	                             renew_recovery_codes   the same
//	                             change_email           the same
//	                             delete_at_once         the same
//	unproved                     add_factor             refused: address_first
//	                             change_phone           the same
//	                             trust_device           the same
//	                             remove_factor          password
//	                             renew_recovery_codes   the same
//	                             change_email           password and wait; a wait begins by password
//	                             delete_at_once         the same
//	no_mail_password             every change           password
//	no_mail_factor               add_factor             password
//	                             remove_factor          refused: factor_first
//	                             renew_recovery_codes   the same
//	                             change_phone           the same
//	                             change_email           the same
//	                             trust_device           the same
//	                             delete_at_once         the same
//	no_mail_refuse               every change           refused: host_only
//
//	change                 told                         stopped or taken back by
//	add_factor             feed, address                not-me link, two proofs
//	remove_factor          feed, address                not-me link, two proofs
//	renew_recovery_codes   feed, address                not-me link, two proofs
//	change_phone           feed, address                not-me link, two proofs
//	change_email           feed, old address            not-me link, undo link
//	trust_device           feed, address                not-me link, any session
//	delete_at_once         address                      nobody
//	a wait that begins     feed, address, phone         not-me link, older session
package authrule

package auth

// The purposes of tickets, for tests that look what is kept of a flow.
const (
	ForEmailUndo    = forEmailUndo
	ForLostFactors  = forLostFactors
	ForRecoveryCode = forRecoveryCode
	ForReport       = forReport
	ForPhone        = forPhone
	ForReset        = forReset
	ForSecondFactor = forSecondFactor
	ForChallenge    = forChallenge
	ForMailProof    = forMailProof
	ForWait         = forWait
)

// Lives and bounds that the comments of the package say in numbers.
const (
	CodeLife          = codeLife
	CodeTries         = codeTries
	ConfirmationTries = confirmationTries
	EmailChangeLife   = emailChangeLife
	EmailUndoWindow   = emailUndoWindow
	MailboxWait       = mailboxWait
	MailProofLife     = mailProofLife
	MaxSessionTTL     = maxSessionTTL
	RecoveryWindow    = recoveryWindow
	ReportLife        = reportLife
	ResetLife         = resetLife
	VerifyLife        = verifyLife
)

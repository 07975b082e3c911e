package variants

// passkeys are faults of how authenticators know a user, and of which passkeys are
// trusted.
var passkeys = []variant{
	{
		id: "D20", name: "a handle that is the user's ID",
		file: "auth/handle.go",
		old:  `if len(known) > 0 && len(userID) <= authstore.MaxHandle {`,
		new:  `if len(userID) <= authstore.MaxHandle {`,
		pkg:  "auth/passkey", test: "TestT14e_TwoProgramsUnderOneNameKeepTheirPasskeys",
	},
	{
		id: "D20", name: "a second handle for an account with passkeys of before",
		file: "auth/handle.go",
		old:  `if len(known) > 0 && len(userID) <= authstore.MaxHandle {`,
		new:  `if len(known) > maxFactors && len(userID) <= authstore.MaxHandle {`,
		pkg:  "auth/passkey", test: "TestT14e_UsersWithPasskeysOfBeforeKeepTheirHandle",
	},
	{
		id: "D20", name: "passkeys of before that sign in no more",
		file: "auth/passkey/passkey.go",
		old:  `if len(c.Handle) > 0 && bytes.Equal(handle, c.Handle) {`,
		new:  `if len(c.Handle) > 0 || bytes.Equal(handle, c.Handle) {`,
		pkg:  "auth/passkey", test: "TestT14e_BothFormsWorkForOneUser",
	},
	{
		id: "D20", name: "an answer that may name any handle",
		file: "auth/passkey/passkey.go",
		old:  "if len(c.Handle) > 0 && bytes.Equal(handle, c.Handle) {\n\t\treturn c.Handle\n",
		new:  "if len(handle) > 0 || bytes.Equal(handle, c.Handle) {\n\t\treturn handle\n",
		pkg:  "auth/passkey", test: "TestT14e_AnotherHandleIsRefused",
	},
	{
		id: "D20", name: "a handle that outlives its user",
		file: "auth/personal.go",
		old:  `handle = p.Stores.Handles.EraseHandle(ctx, userID)`,
		new:  `_, handle = p.Stores.Factors.RemoveFactors(ctx, userID)`,
		pkg:  "auth/passkey", test: "TestT14e_TheHandleStaysAsLongAsItsUser",
	},
	{
		id: "D20", name: "a changed backup eligibility that is taken",
		file: "auth/passkey/passkey.go",
		old:  `if made.Flags.BackupEligible != eligible {`,
		new:  `if made.Flags.BackupEligible != eligible && made.ID == nil {`,
		pkg:  "auth/passkey", test: "TestT14d_APasskeyThatBecomesEligibleForBackupIsTold",
	},
	{
		id: "D20", name: "a changed backup eligibility that is a wrong answer",
		file: "auth/passkey/passkey.go",
		old:  `known[0].Flags.BackupEligible = parsed.Response.AuthenticatorData.Flags.HasBackupEligible()`,
		new:  `known[0].Flags.BackupEligible = eligible`,
		pkg:  "auth/passkey", test: "TestT14d_APasskeyThatBecomesEligibleForBackupIsTold",
	},
	{
		id: "D20", name: "a log that calls a copied passkey a wrong answer",
		file: "auth/prove.go",
		old:  `slog.String("reason", d[detailReason]))`,
		new:  `slog.String("reason", reasonWrong))`,
		pkg:  "auth/passkey", test: "TestT14d_TheLogHasTheReasonOfTheFeed",
	},
}

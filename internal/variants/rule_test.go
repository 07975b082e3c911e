package variants

// rule are policies of package auth as they were before the rule "two proofs, or a wait", or
// would be without one of its parts. The model of adversaries sees each.
var rule = []variant{
	{
		id: "T01", name: "a factor that is added by the password alone",
		file: "auth/rule.go",
		old:  `case cell.Verdict(p.Have) == authrule.AtOnce:`,
		new:  `case cell.Verdict(p.Have) == authrule.AtOnce, change == authrule.AddFactor && cell.Refused == "":`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T01", name: "a handover that works before the wait is over",
		file: "auth/handover.go",
		old:  `emailChange{To: email, Works: out.From}`,
		new:  `emailChange{To: email, Works: now}`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T01", name: "a handover that leaves the password",
		file: "auth/emailchange.go",
		old:  `present = marked(hash)`,
		new:  `present = hash`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T01", name: "passkeys that outlive the first proof of the address",
		file: "auth/takeover.go",
		old:  `if _, err := s.factors.RemoveFactors(ctx, user.ID); err != nil {`,
		new: "list, err := s.confirmed(ctx, user.ID)\n\tfor _, r := range list {\n\t\tif r.Kind != KindPasskey && err == nil {\n" +
			"\t\t\terr = s.factors.RemoveFactor(ctx, user.ID, r.ID)\n\t\t}\n\t}\n\tif err != nil {",
		pkg: "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T01", name: "a passkey that opens an account whose password must be reset",
		file: "auth/passkey.go",
		old:  `if isMarked(hash) {`,
		new:  `if hash == "" && isMarked(hash) {`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "S31", name: "an account that opens while it is being erased",
		file: "auth/deletion.go",
		old:  `return u.Disabled || u.DeletionPending() && !u.Restorable(now)`,
		new:  `return u.Disabled || u.DeletionPending() && !u.Restorable(now.Add(-24*time.Hour))`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "S34", name: "a restoration that is a proof",
		file: "auth/deletion.go",
		old:  "\tnext.ProvedAt = proved // nothing was proved since\n",
		new:  "",
		pkg:  "auth", test: "TestS34_ARestorationIsNoProof",
	},
	{
		id: "S39", name: "a report that leaves a deletion",
		file: "auth/report.go",
		old:  `if user.DeletionPending() {`,
		new:  `if user.DeletionPending() && user.Disabled {`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "S39", name: "an undo that leaves a deletion",
		file: "auth/emailundo.go",
		old:  `if user.DeletionPending() {`,
		new:  `if user.DeletionPending() && user.Disabled {`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T05", name: "a trusted device that is fresh",
		file: "auth/signin.go",
		old:  "\t\t\t\tin.Session.ProvedAt = time.Time{} // the factor was not asked for\n",
		new:  "",
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T06", name: "an undo that takes the factors that were added since",
		file: "auth/emailundo.go",
		old:  "\t\tif err := s.endLaterUndos(ctx, t); err != nil {\n\t\t\treturn err\n\t\t}\n",
		new: "\t\tif err := s.endLaterUndos(ctx, t); err != nil {\n\t\t\treturn err\n\t\t}\n" +
			"\t\tlist, err := s.factors.Factors(ctx, t.UserID)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n" +
			"\t\tfor _, r := range list {\n\t\t\tif r.CreatedAt.Before(t.CreatedAt) {\n\t\t\t\tcontinue\n\t\t\t}\n" +
			"\t\t\tif err := s.factors.RemoveFactor(ctx, t.UserID, r.ID); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n\t\t}\n",
		pkg: "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T08", name: "report links of an old mailbox that live on",
		file: "auth/report.go",
		old:  "\tif address == \"\" || address == user.Email {\n",
		new:  "\tif address != \"\" {\n",
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T09", name: "a proof of the address in no session that leaves what was there",
		file: "auth/verify.go",
		old:  `case by.check() == nil && by.User.ID == t.UserID:` + "\n" + `		return s.confirmIn(ctx, t, in.Email, by)`,
		new:  `case by.check() != nil || by.User.ID == t.UserID:` + "\n" + `		_, err := s.confirmBy(ctx, t, in.Email, methodSession, func(string) bool { return true }, nil)` + "\n" + `		return Proof{}, err`,
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
	{
		id: "T15", name: "a mailed code that finishes a sign-in after a mailed reset",
		file: "auth/mailedcode.go",
		old:  "\tif len(done) == 0 {\n",
		new:  "\tif len(done) >= 0 {\n",
		pkg:  "auth", test: "TestModelOfAdversaries",
	},
}

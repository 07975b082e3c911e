package variants

// addresses are faults of how the address of a sign-up is proved, and of what a stranger
// leaves in an account.
var addresses = []variant{
	{
		id: "D30", name: "a click that confirms by itself",
		file: "auth/verify.go",
		old:  `case by.check() == nil && by.User.ID == t.UserID:` + "\n" + `		return s.confirmIn(ctx, t, in.Email, by)`,
		new:  `case by.check() == nil && by.User.ID == t.UserID || how == (Confirmation{}):` + "\n" + `		_, err := s.confirmBy(ctx, t, in.Email, methodSession, func(string) bool { return true }, nil)` + "\n" + `		return Proof{}, err`,
		pkg:  "auth", test: "TestT09_AStrangersPasswordNeverOpensWhatTheOwnerConfirms",
	},
	{
		id: "D30", name: "an invitation without a question",
		file: "auth/verify.go",
		old:  `	case how.Password == "":` + "\n" + `		return &ConfirmationError{Username: profile.User`,
		new:  `	case how.Password == "" && s.signUp == Open:` + "\n" + `		return &ConfirmationError{Username: profile.User`,
		pkg:  "auth", test: "TestT10_ThePasswordMakesTheAccountWhereItIsVerifiedFirst",
	},
	{
		id: "D30", name: "a password that changed while it was verified",
		file: "auth/verify.go",
		old:  `func(present string) bool { return present == hash }, nil)`,
		new:  `func(present string) bool { return present != "" }, nil)`,
		pkg:  "auth", test: "TestT10_ThePresentPasswordConfirms",
	},
	{
		id: "D30", name: "wrong passwords without an end",
		file: "auth/confirmation.go",
		old:  `limit.Rule{Limit: confirmationTries, Window: verifyLife}`,
		new:  `limit.Rule{Limit: 100 * confirmationTries, Window: verifyLife}`,
		pkg:  "auth", test: "TestT09_WrongPasswordsOfAConfirmationAreLimited",
	},
	{
		id: "D30", name: "a ticket that confirms twice",
		file: "auth/verify.go",
		old:  `return s.takeIn(ctx, forVerify, t)`,
		new:  "_, err := s.tickets.Ticket(ctx, forVerify, t.Hash, s.now())\n\treturn err",
		pkg:  "auth", test: "TestT09_OneOfParallelConfirmationsIsMade",
	},
	{
		id: "D30", name: "texts of a stranger that stay",
		file: "auth/takeover.go",
		old:  "	patch.Empty(user)\n",
		new:  "",
		pkg:  "auth", test: "TestT09_WhatAStrangerWroteGoes",
	},
	{
		id: "D30", name: "settings of a stranger that stay",
		file: "auth/takeover.go",
		old:  `for _, e := range s.emptiers {`,
		new:  `for _, e := range s.emptiers[:0] {`,
		pkg:  "auth", test: "TestT09_WhatAStrangerWroteGoes",
	},
	{
		id: "D30", name: "a picture of a stranger whose bytes stay",
		file: "httpadapter/app.go",
		old:  "	if a.Pictures != nil {\n		list = append(list, a.Pictures)\n	}\n	return list",
		new:  "	return list",
		pkg:  "httpadapter", test: "TestT09_NothingOfAStrangerIsLeft",
	},
	{
		id: "D30", name: "privacy that goes back to what everybody sees",
		file: "settings/service.go",
		old:  `		if d.careful == nil {`,
		new:  `		if d.careful != nil {`,
		pkg:  "settings", test: "TestT09_EmptyUserLeavesNothingThatWasChosen",
	},
	{
		id: "D30", name: "an adopted profile that is emptied",
		file: "auth/takeover.go",
		old:  `	if user.Adopted {`,
		new:  `	if user.Adopted && user.EmailVerified {`,
		pkg:  "auth", test: "TestT09_AnAdoptedAccountKeepsWhatIsInIt",
	},
	{
		id: "D30", name: "a name of any text in a mail to a stranger",
		file: "profile/called.go",
		old:  `if u.Reads(to) || CheckUsername(u.Username, nil) == nil {`,
		new:  `if u.Reads(to) || u.Username != "" {`,
		pkg:  "auth", test: "TestT09_MailsNameTheAccount",
	},
}

package variants

// composition are faults of how the parts are put together.
var composition = []variant{
	{
		id: "D27", name: "decorators whose consent is not asked for",
		file: "storage/ability.go",
		old:  "\t\t\tif !ok {\n\t\t\t\treturn\n\t\t\t}\n\t\t\tstore = next.Unwrap()\n",
		new:  "\t\t\tif ok || !ok {\n\t\t\t\treturn\n\t\t\t}\n\t\t\tstore = next.Unwrap()\n",
		pkg:  "httpadapter", test: "TestDecoratorsWithUnwrapHideNothing",
	},
	{
		id: "D27", name: "an ability that is hidden in silence",
		file: "storage/ability.go",
		old:  `case holds(reflect.ValueOf(last), role, ability, map[uintptr]bool{}):`,
		new:  `case false && holds(reflect.ValueOf(last), role, ability, map[uintptr]bool{}):`,
		pkg:  "httpadapter", test: "TestDecoratorsWithoutUnwrap",
	},
	{
		id: "D27", name: "passwords in the rows of other users",
		file: "auth/authstore/stores.go",
		old:  `ok && !beside(p, users) {`,
		new:  `ok && !beside(p, users) && false {`,
		pkg:  "auth", test: "TestS69_PasswordsAreOfTheSameUsers",
	},
	{
		id: "D27", name: "factors that nobody can seal anew, passed over",
		file: "auth/reseal.go",
		old:  `if why, hidden := storage.Missing[authfactor.Resealer](f); hidden {`,
		new:  `if why, hidden := storage.Missing[authfactor.Resealer](f); hidden && false {`,
		pkg:  "auth", test: "TestResealSeesHiddenFactors",
	},
	{
		id: "D27", name: "a policy of our sign-in beside an Authenticator",
		file: "httpadapter/effect.go",
		old:  "\t\teach(\"Auth\", c.Auth, why)\n",
		new:  "",
		pkg:  "httpadapter", test: "TestPoliciesOfOurSignInBesideAnAuthenticator",
	},
	{
		id: "D27", name: "signed addresses of a store that has none",
		file: "profile/picture/policy.go",
		old:  `return a, fmt.Errorf("picture: Policy.SignedFor: %w", err)`,
		new:  `return a, nil`,
		pkg:  "httpadapter", test: "TestS64_UnsignedPictures",
	},
	{
		id: "D27", name: "capabilities that are not the features",
		file: "httpadapter/capabilities.go",
		old:  `c.Features[f.Name] = f.State == On`,
		new:  `c.Features[f.Name] = true`,
		pkg:  "httpadapter", test: "TestCapabilitiesAreTheFeatures",
	},
	{
		id: "D19", name: "mail that nothing but notices goes through",
		file: "httpadapter/mail.go",
		old:  `a.cfg.Auth.Courier = a.Notifier`,
		new:  `_ = a.Notifier`,
		pkg:  "httpadapter", test: "TestMailInThreeLines",
	},
	{
		id: "S68", name: "pictures that the Recorder does not hear of",
		file: "profile/picture/service.go",
		old:  `if s.cfg.Recorder != nil && len(events) > 0 {`,
		new:  `if s.cfg.Recorder != nil && len(events) > 1 {`,
		pkg:  "internal/services", test: "TestS68_TheRecorderHearsOfEveryEvent",
	},
	{
		id: "S69", name: "a 503 without its cause in the log",
		file: "httpadapter/serve.go",
		old:  "\tif p.Status < 500 {\n",
		new:  "\tif p.Status <= 500 {\n",
		pkg:  "httpadapter", test: "TestS69_EachFailureLeavesItsCause",
	},
	{
		id: "R31", name: "a migration without a lock",
		file: "storage/sqlstore/migrate.go",
		old:  `d.provider(db, goose.WithLocker(&advisoryLock{}))`,
		new:  `d.provider(db)`,
		pkg:  "storage/sqlstore", test: "TestR31_TwentyProcessesMigrateOnce",
	},
	{
		id: "R36", name: "a goroutine that each request leaves behind",
		file: "httpadapter/serve.go",
		old:  "\tlimit := a.cfg.HTTP.RequestTimeout + a.bodyAllowance(r)\n",
		new:  "\tlimit := a.cfg.HTTP.RequestTimeout + a.bodyAllowance(r)\n\tgo func() { select {} }()\n",
		pkg:  "httpadapter", test: "TestR36_Soak",
	},
}

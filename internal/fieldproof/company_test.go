package fieldproof

// limit is how many files a field of text may cost by hand.
const limit = 12

// An edit puts text into a file. old is there exactly times times, and new stands in
// its place afterwards.
type edit struct {
	old, new string
	times    int
}

// after puts text behind what is there once.
func after(old, text string) edit { return edit{old, old + text, 1} }

// before puts text before what is there once.
func before(old, text string) edit { return edit{old, text + old, 1} }

// handFile is a file that somebody changes to add a field.
type handFile struct {
	// path is below the root. NNNNN stands for the number of the next migration.
	path string
	// why is what the file says of a field, for people.
	why string
	// text is all of a new file; edits are what changes in one that is there.
	text  string
	edits []edit
	// dir and test are a command that passes with the whole change, and fails when this
	// file alone was forgotten.
	dir  string
	test []string
}

// byHand adds the field company: public, of one line and at most 100 characters, edited
// and shown on the page, chosen in privacy, in both databases and in the contract.
var byHand = []handFile{
	{
		path: "profile/user.go", why: "the field of `User` and of `Patch`",
		edits: []edit{
			after("\tPronouns     string\n", "\tCompany      string\n"),
			after("\tPronouns      *string\n", "\tCompany       *string\n"),
		},
		test: []string{"go", "test", "./profile", "-run", "^TestEveryFieldHasARow$"},
	},
	{
		path: "profile/edit.go", why: "the field of `Edit`",
		edits: []edit{after("\tPronouns    *string\n", "\tCompany     *string\n")},
		test:  []string{"go", "test", "./profile", "-run", "^TestEveryFieldHasARow$"},
	},
	{
		path: "profile/fields.go", why: "its row: name, limit, lines, who sees it at first",
		edits: []edit{before("\t{Name: \"custom\", ", `	{
		Name: "company", Default: Public, Limit: MaxName,
		user: func(u *User) *string { return &u.Company }, patch: func(p *Patch) **string { return &p.Company },
		edit: func(e *Edit) **string { return &e.Company },
	},
`)},
		test: []string{"go", "test", "./profile", "-run", "^TestEveryFieldHasARow$"},
	},
	{
		path: "profile/fields_test.go", why: "what was decided of it, for the tests of views and edits",
		edits: []edit{before("\t{name: \"custom\", ", "\t{name: \"company\", seen: profile.Public, limit: 100, edited: true},\n")},
		test:  []string{"go", "test", "./profile", "-run", "^TestTheTableOfFieldsIsWhatWasDecided$"},
	},
	{
		path: "storage/sqlstore/migrations/postgres/NNNNN_company.sql", why: "its column",
		text: "-- +goose Up\nALTER TABLE users ADD COLUMN IF NOT EXISTS company TEXT NOT NULL DEFAULT '';\n",
		test: []string{"go", "test", "./storage/postgres", "-run", "^TestR26_ConformancePrepared$/^profile$/^create$"},
	},
	{
		path: "storage/sqlstore/migrations/sqlite/NNNNN_company.sql", why: "its column",
		text: "-- +goose Up\nALTER TABLE users ADD COLUMN company TEXT NOT NULL DEFAULT '';\n",
		test: []string{"go", "test", "./storage/sqlite", "-run", "^TestR26_ConformanceInMemory$/^profile$/^create$"},
	},
	{
		path: "httpadapter/openapi.json", why: "the contract: views, patch, privacy, and their examples",
		edits: []edit{
			after(`"birthday", "links", "pronouns", `, `"company", `), // OwnView requires it
			{
				"          \"pronouns\": { \"$ref\": \"#/components/schemas/Name\" },\n",
				"          \"pronouns\": { \"$ref\": \"#/components/schemas/Name\" },\n          \"company\": { \"$ref\": \"#/components/schemas/Name\" },\n", 2,
			},
			after("          \"pronouns\": { \"$ref\": \"#/components/schemas/NameEdit\" },\n", "          \"company\": { \"$ref\": \"#/components/schemas/NameEdit\" },\n"),
			after(`"required": ["username", "displayName", "givenName", "familyName", "pronouns", `, `"company", `), // privacy
			after("                  \"pronouns\": { \"$ref\": \"#/components/schemas/Visibility\" },\n", "                  \"company\": { \"$ref\": \"#/components/schemas/Visibility\" },\n"),
			after("                  \"pronouns\": { \"$ref\": \"#/components/schemas/VisibilityEdit\" },\n", "                  \"company\": { \"$ref\": \"#/components/schemas/VisibilityEdit\" },\n"),
			{`"pronouns": null, "custom": {}`, `"pronouns": null, "company": null, "custom": {}`, 4}, // the examples
			after(`"familyName": "Lovelace", "pronouns": null, `, `"company": null, `),
			after(`"bio": "public", "birthday": "private", `, `"company": "public", `),
		},
		dir: "internal/contract", test: []string{"go", "test", ".", "-run", "^TestGoodExchanges$"},
	},
	{
		path: "internal/contract/blackbox/views.go", why: "the golden names of the views",
		edits: []edit{after(`publicFields  = "bio `, `company `)},
		dir:   "internal/contract", test: []string{"go", "test", ".", "-run", "^TestBlackBoxOnSQLite$/^S43_GoldenKeySets$"},
	},
	{
		path: "examples/web/src/logic/fields.ts", why: "its row on the page: label, place, how it is shown to others",
		edits: []edit{after("  pronouns: { label: \"Pronouns\", card: \"names\", placeholder: \"they/them\" },\n",
			"  company: { label: \"Company\", card: \"about\", autoComplete: \"organization\", fact: \"users\" },\n")},
		dir: "examples/web", test: []string{"npm", "run", "--silent", "check"},
	},
}

// generated are the files that .ci/generate writes for the field. A name that ends with
// a slash is a folder.
var generated = []string{
	"examples/web/dist/",
	"httpadapter/testdata/views.json",
	"storage/sqlstore/schema/postgres.txt",
	"storage/sqlstore/schema/sqlite.txt",
	"storage/sqlstore/testdata/statements/NNNNN.json",
	"storage/sqlstore/users_columns.go",
}

// touched are the packages that are tested whole with the field, by the folder of their
// module.
var touched = []struct {
	dir      string
	packages []string
}{
	{".", []string{
		"./profile/...", "./httpadapter", "./storage/sqlstore", "./storage/sqlite", "./storage/postgres",
		"./internal/memstore", "./internal/modeltest", "./internal/layout", "./internal/variants", "./internal/services",
	}},
	{"internal/contract", []string{"./..."}},
	{"internal/faults", []string{"./upgrade"}},
	{"examples", []string{"./..."}},
}

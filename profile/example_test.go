package profile_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
)

func Example() {
	ctx := context.Background()
	db := memstore.New() // in a server: what storage/sqlite or storage/postgres opens
	prefs, err := settings.New(settings.Config{
		Store: db.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	profiles, err := profile.New(profile.Config{Store: db.Users(), Settings: prefs})
	if err != nil {
		fmt.Println(err)
		return
	}
	ann, err := db.Users().Create(ctx, profile.User{Username: "ann", Email: "ann@example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}

	bio, link := "Gardener.", []string{"javascript:alert(1)"}
	_, err = profiles.Edit(ctx, ann.ID, profile.Edit{Bio: &bio, Links: &link}, 0)
	fmt.Println(err)
	ann, err = profiles.Edit(ctx, ann.ID, profile.Edit{Bio: &bio}, ann.Version)
	fmt.Println(ann.Bio, err)

	_, visible, err := profiles.ByUsername(ctx, profile.Viewer{}, "Ann")
	fmt.Println(visible.Has("bio"), visible.Has("email"), err)

	err = settings.Set(ctx, prefs, profile.PrivacySection, ann.ID, profile.Privacy{Visibility: profile.Private})
	fmt.Println(err)
	_, _, err = profiles.ByUsername(ctx, profile.Viewer{}, "Ann")
	fmt.Println(err)
	// Output:
	// invalid links[0]: must be a web address such as https://example.org
	// Gardener. <nil>
	// true false <nil>
	// <nil>
	// profile: user: not found
}

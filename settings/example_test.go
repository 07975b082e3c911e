package settings_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
)

// Shop is a host's own preferences.
type Shop struct {
	Currency string `json:"currency"`
	PerPage  int    `json:"perPage"`
}

// ShopSection is declared once and used wherever the preferences are read.
var ShopSection = settings.Section[Shop]{
	Name:    "app.shop",
	Default: Shop{Currency: "EUR", PerPage: 20},
	Validate: func(s Shop) error {
		if s.PerPage < 5 || s.PerPage > 100 {
			return input.Invalid(input.New("perPage", input.OutOfRange, input.Params{"min": 5, "max": 100}))
		}
		return nil
	},
}

// A host's own section beside the library's. In a server, give its declaration
// to httpadapter.Config.Sections and GET and PATCH /settings know it.
func Example() {
	ctx := context.Background()
	service, err := settings.New(settings.Config{
		Store:    memstore.New().Settings(), // in a server: that of storage/sqlite or storage/postgres
		Sections: []settings.Declaration{settings.LocaleSection.Declare(), ShopSection.Declare()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	doc, err := service.Patch(ctx, "7", []byte(`{"locale":"fr","app":{"shop":{"perPage":50}}}`), 0)
	fmt.Println(string(doc.JSON), err)

	_, err = service.Patch(ctx, "7", []byte(`{"app":{"shop":{"perPage":1000}}}`), 0)
	fmt.Println(err)

	_, err = service.Patch(ctx, "7", []byte(`{"app":{"shop":{"perpage":10}}}`), 0)
	fmt.Println(err)

	shop, err := settings.Get(ctx, service, ShopSection, "7")
	fmt.Println(shop.Currency, shop.PerPage, err)
	// Output:
	// {"locale":"fr","app":{"shop":{"currency":"EUR","perPage":50}}} <nil>
	// invalid app.shop.perPage: must be from 5 to 100
	// invalid app.shop.perpage: is not a field here
	// EUR 50 <nil>
}

package twilio_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/settings/notify/twilio"
)

func Example() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("to", r.FormValue("To"), "from", r.FormValue("From"))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
	}))
	defer api.Close()
	sender, err := twilio.New(twilio.Options{Account: "AC1", Secret: "token", From: "+14155550123", Base: api.URL})
	if err != nil {
		log.Fatal(err)
	}
	err = sender.Send(context.Background(), notify.Letter{To: "+41791234567", Text: "Your code is 123456."})
	fmt.Println(err)
	// Output:
	// to +41791234567 from +14155550123
	// <nil>
}

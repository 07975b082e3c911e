package input

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Code says what is wrong with a value. One code means one thing, so that a client
// can translate it; the numbers and words that differ are in Params.
type Code string

// The codes of this library. The parameters of each are in the comment. A code of
// a host's own has a prefix and a dot, "shop.sold_out", by which clients tell it
// from these.
const (
	// Required: the value is missing or empty.
	Required Code = "required"
	// TooShort: min, unit ("characters").
	TooShort Code = "too_short"
	// TooLong: max, unit ("characters" or "bytes").
	TooLong Code = "too_long"
	// TooMany: max, the number of items.
	TooMany Code = "too_many"
	// TooLarge: max, the bytes of JSON that may be stored.
	TooLarge Code = "too_large"
	// OutOfRange: min and max, numbers or dates.
	OutOfRange Code = "out_of_range"
	// NotAllowed: allowed, the list of words one of which the value must be.
	NotAllowed Code = "not_allowed"
	// WrongType: type, the JSON type that is asked for: "object", "array", "string",
	// "boolean", "integer", "number", or several with " or " between them.
	WrongType Code = "type"
	// Malformed: the value is not of the form that the field asks for. It is for
	// types of a host's own that say no more.
	Malformed Code = "format"
	// UnknownField: there is no field of that name.
	UnknownField Code = "unknown_field"
	// DuplicateField: the field is there twice.
	DuplicateField Code = "duplicate_field"
	// ReadOnly: the caller cannot set the field here.
	ReadOnly Code = "read_only"
	// Taken: another account has the value.
	Taken Code = "taken"

	// Characters: the value holds characters that the field does not take.
	Characters Code = "invalid_characters"
	// Lines: the value has more than one line.
	Lines Code = "not_one_line"
	// Email: the value is not an e-mail address.
	Email Code = "invalid_email"
	// EmailDomain: mail cannot be sent to the domain of the address.
	EmailDomain Code = "invalid_email_domain"
	// Phone: the value is not a telephone number in E.164 form.
	Phone Code = "invalid_phone"
	// Link: the value is not a web address.
	Link Code = "invalid_link"
	// Date: the value is not a day of the calendar.
	Date Code = "invalid_date"
	// Country: the value is not a country code of ISO 3166-1.
	Country Code = "invalid_country"
	// Color: the value is not a color in the form #rrggbb.
	Color Code = "invalid_color"
	// Language: the value is not a language tag of BCP 47.
	Language Code = "invalid_language"
	// TimeZone: the value is not a time zone of the IANA database.
	TimeZone Code = "invalid_time_zone"
	// Square: the value is not a square inside the picture.
	Square Code = "invalid_square"
	// JSON: the value is JSON that cannot be kept: too deep, broken UTF-8, a NUL.
	JSON Code = "invalid_json"

	// Reserved: the name is kept for the operator of the site.
	Reserved Code = "reserved"
	// AlwaysOn: the choice cannot be switched off.
	AlwaysOn Code = "always_on"
	// Unconfirmed: the address has to be confirmed first.
	Unconfirmed Code = "unconfirmed"
	// SecondFactorRequired: the password alone proves nothing on this account.
	SecondFactorRequired Code = "second_factor_required"

	// Common: the password is among those that everybody tries first.
	Common Code = "common"
	// Personal: the password is little more than a name of the account or the
	// service. min is the number of characters that it needs beside the names.
	Personal Code = "personal"
	// Breached: the password is known from a breach of another service.
	Breached Code = "breached"
	// SamePassword: the new password is the present one.
	SamePassword Code = "same_password"
)

// text is the English of each code; {name} stands for a parameter.
var text = map[Code]string{
	Required:       "is required",
	TooShort:       "must be {min} {unit} or more",
	TooLong:        "must be {max} {unit} or less",
	TooMany:        "must be {max} items or fewer",
	TooLarge:       "must be {max} bytes or less together with what is there",
	OutOfRange:     "must be from {min} to {max}",
	NotAllowed:     "must be one of: {allowed}",
	WrongType:      "must be of the JSON type {type}",
	Malformed:      "is not of the form that is asked for",
	UnknownField:   "is not a field here",
	DuplicateField: "is there twice",
	ReadOnly:       "cannot be set here",
	Taken:          "is taken",

	Characters:  "holds characters that cannot be used here",
	Lines:       "must be one line",
	Email:       "is not an e-mail address",
	EmailDomain: "has no domain that mail can be sent to",
	Phone:       "must be + and 7 to 15 digits, the country's code first",
	Link:        "must be a web address such as https://example.org",
	Date:        "must be a date such as 1990-05-17",
	Country:     "must be a country code such as FR",
	Color:       "must be a color such as #336699",
	Language:    "must be a language tag such as en or pt-BR",
	TimeZone:    "must be a time zone such as Europe/Paris",
	Square:      "must be x, y and size of a square in pixels of the upright picture",
	JSON:        "is JSON that cannot be kept",

	Reserved:             "is reserved",
	AlwaysOn:             "cannot be switched off",
	Unconfirmed:          "must be confirmed first",
	SecondFactorRequired: "must be a second factor, which this account has",

	Common:       "is one of the most common passwords",
	Personal:     "needs {min} characters or more beside the names of the account and the service",
	Breached:     "is known from a data breach of another service",
	SamePassword: "must not be the present password",
}

// Codes yields every code of this library in the order of the alphabet, and the
// names of its parameters: what a client needs to translate.
func Codes() iter.Seq2[Code, []string] {
	return func(yield func(Code, []string) bool) {
		for _, code := range slices.Sorted(maps.Keys(text)) {
			if !yield(code, names(text[code])) {
				return
			}
		}
	}
}

// names are the parameters in a text.
func names(s string) (out []string) {
	for {
		_, rest, found := strings.Cut(s, "{")
		if !found {
			return out
		}
		var name string
		name, s, _ = strings.Cut(rest, "}")
		out = append(out, name)
	}
}

func sentence(code Code, params Params) string {
	var filled []string
	for name, value := range params {
		if list, ok := value.([]string); ok {
			value = strings.Join(list, ", ")
		}
		filled = append(filled, "{"+name+"}", fmt.Sprint(value))
	}
	return singular.Replace(strings.NewReplacer(filled...).Replace(text[code]))
}

// singular mends what a 1 makes of the texts.
var singular = strings.NewReplacer(" 1 characters ", " 1 character ", " 1 bytes ", " 1 byte ", " 1 items ", " 1 item ")

// Units of TooShort and TooLong.
const (
	characters = "characters"
	bytes      = "bytes"
)

// Short is a TooShort: the value has fewer than min characters (code points).
func Short(field string, min int) FieldError {
	return New(field, TooShort, Params{"min": min, "unit": characters})
}

// Long is a TooLong: the value has more than max characters (code points).
func Long(field string, max int) FieldError {
	return New(field, TooLong, Params{"max": max, "unit": characters})
}

// LongBytes is a TooLong: the value has more than max bytes in UTF-8.
func LongBytes(field string, max int) FieldError {
	return New(field, TooLong, Params{"max": max, "unit": bytes})
}

// OneOf is a NotAllowed: the value is none of allowed.
func OneOf(field string, allowed ...string) FieldError {
	return New(field, NotAllowed, Params{"allowed": allowed})
}

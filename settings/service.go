package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/internal/mergepatch"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// KindChanged is the event of changed settings. Its detail "sections" names
// them, with commas between; values are not told.
const KindChanged activity.Kind = "settings.changed"

// MaxStored bounds what one user's settings may grow to, in bytes of JSON.
const MaxStored = 64 << 10

// Config is what New takes.
type Config struct {
	// Store keeps the records; required.
	Store Store
	// Sections are all that the document has, in its order.
	Sections []Declaration
	// Tx is of Store's database; an Observer with Before or In, and
	// Recorder, need it.
	Tx storage.Transactor
	// Recorder is told of KindChanged in the transaction of the change, and can undo
	// it; nil for none.
	Recorder activity.Recorder
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service reads and changes settings. It is safe for concurrent use.
type Service struct {
	store    Store
	now      func() time.Time
	sections []Declaration
	byName   map[string]int
	schema   *jsonscan.Schema
	tx       storage.Transactor // nil when there is none
	recorder activity.Recorder  // nil when there is none
	watchers atomic.Pointer[map[string][]watcher]
}

// New returns a Service. It is an error when a section is faulty or declared
// twice. It calls no store.
func New(c Config) (*Service, error) {
	if c.Store == nil {
		return nil, errors.New("settings: Config.Store is required")
	}
	if c.Recorder != nil && c.Tx == nil {
		return nil, errors.New("settings: Config.Recorder needs Config.Tx")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{store: c.Store, tx: c.Tx, recorder: c.Recorder, now: c.Now, byName: map[string]int{}}
	document := map[string]*jsonscan.Schema{}
	app := map[string]*jsonscan.Schema{}
	for _, d := range c.Sections {
		if d.err != nil {
			return nil, fmt.Errorf("settings: %w", d.err)
		}
		if d.schema == nil {
			return nil, errors.New("settings: a Declaration comes from Section.Declare")
		}
		if _, twice := s.byName[d.name]; twice {
			return nil, fmt.Errorf("settings: section %q is declared twice", d.name)
		}
		s.byName[d.name] = len(s.sections)
		s.sections = append(s.sections, d)
		if top, sub := d.split(); sub != "" {
			app[sub] = d.schema
		} else {
			document[top] = d.schema
		}
	}
	if len(app) > 0 {
		document["app"] = jsonscan.Object(app)
	}
	s.schema = jsonscan.Object(document)
	return s, nil
}

// Has reports whether a section of that name is declared.
func (s *Service) Has(name string) bool {
	_, ok := s.byName[name]
	return ok
}

// Document is a user's settings as they are sent.
type Document struct {
	// JSON is one object with every declared section, in the order of
	// Config.Sections, defaults filled in.
	JSON json.RawMessage
	// Version is 0 for a user who never changed anything.
	Version int64
}

// Document returns the settings of the user. A user nobody knows has defaults.
func (s *Service) Document(ctx context.Context, userID string) (Document, error) {
	r, err := s.store.Get(ctx, userID)
	if err != nil {
		return Document{}, err
	}
	return s.document(r)
}

func (s *Service) document(r Record) (Document, error) {
	stored, err := parse(r)
	if err != nil {
		return Document{}, err
	}
	var top, app bytes.Buffer
	member := func(b *bytes.Buffer, name string, v json.RawMessage) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`) // a name that checkName accepts needs no escapes
		b.Write(v)
	}
	for _, d := range s.sections {
		v, err := d.view(stored.get(d))
		if err != nil {
			return Document{}, under(d.name, err)
		}
		if name, sub := d.split(); sub != "" {
			member(&app, sub, v)
		} else {
			member(&top, name, v)
		}
	}
	if app.Len() > 0 {
		member(&top, "app", []byte("{"+app.String()+"}"))
	}
	return Document{JSON: []byte("{" + top.String() + "}"), Version: r.Version}, nil
}

// Get returns the user's value of one section, defaults filled in.
func Get[T any](ctx context.Context, s *Service, sec Section[T], userID string) (T, error) {
	var none T
	d, err := declared(s, sec)
	if err != nil {
		return none, err
	}
	r, err := s.store.Get(ctx, userID)
	if err != nil {
		return none, err
	}
	stored, err := parse(r)
	if err != nil {
		return none, err
	}
	v, err := sec.read(d.defaults, stored.get(d))
	if err != nil {
		return none, under(sec.Name, err)
	}
	return v, nil
}

// declared finds the declaration of sec; reading a section that patches do not
// know, or as another type, is a fault of the program.
func declared[T any](s *Service, sec Section[T]) (Declaration, error) {
	i, ok := s.byName[sec.Name]
	if !ok || s.sections[i].typ != reflect.TypeFor[T]() {
		return Declaration{}, fmt.Errorf("settings: section %q is not declared in Config.Sections with this type", sec.Name)
	}
	return s.sections[i], nil
}

// members is the stored object by its members. Those that no section claims
// were written by another program and are kept as they are.
type members map[string]json.RawMessage

// versionMember says by which schema a record was written. It is no possible
// name of a section.
const (
	versionMember = "$schema"
	schemaVersion = "1"
)

func parse(r Record) (members, error) {
	m, err := mergepatch.Members(r.Data)
	if err != nil {
		return nil, fmt.Errorf("settings: a stored record is not JSON: %w", err)
	}
	return m, nil
}

func (m members) get(d Declaration) json.RawMessage {
	top, sub := d.split()
	if sub == "" {
		return m[top]
	}
	inner, err := mergepatch.Members(m[top])
	if err != nil { // cannot be: the whole was valid JSON
		return nil
	}
	return inner[sub]
}

// set stores v under the section's name; nil removes it.
func (m members) set(d Declaration, v json.RawMessage) error {
	top, sub := d.split()
	if sub == "" {
		if v == nil {
			delete(m, top)
		} else {
			m[top] = v
		}
		return nil
	}
	inner, err := mergepatch.Members(m[top])
	if err != nil {
		return err
	}
	if v == nil {
		delete(inner, sub)
	} else {
		inner[sub] = v
	}
	m[top], err = mergepatch.Marshal(inner)
	return err
}

// record is the form that is stored.
func (m members) record(version int64) (Record, error) {
	if m[versionMember] == nil {
		m[versionMember] = json.RawMessage(schemaVersion)
	}
	data, err := mergepatch.Marshal(m)
	if err != nil {
		return Record{}, err
	}
	if len(data) > MaxStored {
		return Record{}, input.Invalid(input.New("", input.TooLarge, input.Params{"max": MaxStored}))
	}
	return Record{Data: data, Version: version}, nil
}

// ExportUser adds the user's document to a copy, as a personal.Contributor: every
// declared section, and what a newer program stored is not in it.
func (s *Service) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	ctx, cancel := a.Bounded(ctx)
	defer cancel()
	d, err := s.Document(ctx, userID)
	if err != nil {
		return fmt.Errorf("settings: exporting a user: %w", err)
	}
	return a.JSON("settings.json", d.JSON)
}

// EraseUser removes the user's settings, as a personal.Contributor.
func (s *Service) EraseUser(ctx context.Context, userID string) error {
	if err := s.store.Erase(ctx, userID); err != nil {
		return fmt.Errorf("settings: erasing a user: %w", err)
	}
	return nil
}

// EmptyUser puts the user's settings back to what nobody chose, as a personal.Emptier: a
// section with an Unreadable value has that one, which is the most careful, and every
// other its default. Observers are told by In alone, because a transaction waits for no
// network. It needs Config.Tx when there are such. A change by somebody else at the same
// moment is storage.ErrStale.
func (s *Service) EmptyUser(ctx context.Context, userID string) error {
	r, err := s.store.Get(ctx, userID)
	if err != nil {
		return fmt.Errorf("settings: emptying an account: %w", err)
	}
	before, err := parse(r)
	if err != nil {
		return err
	}
	after := members{}
	for _, d := range s.sections {
		if d.careful == nil {
			continue
		}
		if err := after.set(d, d.careful); err != nil {
			return err
		}
	}
	next, err := after.record(r.Version)
	if err != nil {
		return err
	}
	observers, err := s.watching(userID, s.changed(before, after), before, after)
	if err != nil {
		return err
	}
	if _, err := s.store.Put(ctx, userID, next); err != nil {
		return fmt.Errorf("settings: emptying an account: %w", err)
	}
	for _, o := range observers {
		if o.in == nil {
			continue
		}
		if err := o.in(ctx); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ personal.Contributor = (*Service)(nil)
	_ personal.Emptier     = (*Service)(nil)
)

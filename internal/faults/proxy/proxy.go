// Package proxy puts toxiproxy between a test and a server.
//
//	p := proxy.Start(t, "127.0.0.1:5432")
//	dsn := p.Through(t, dsn)
//	p.Silence(t) // what is sent from now on goes nowhere
//	p.Heal(t)
//
// Wire does the same with an eye for the messages of Postgres.
package proxy

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy is a running proxy; it ends with its test.
type Proxy struct {
	p *toxiproxy.Proxy
}

// Start listens on a free port of 127.0.0.1 and passes everything on.
func Start(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatalf("proxy: %v", err)
	}
	t.Cleanup(p.Stop)
	return &Proxy{p}
}

// For starts a proxy to the host of a URL, and returns the URL through it.
func For(t testing.TB, rawURL string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal("proxy: not a URL")
	}
	p := Start(t, u.Host)
	u.Host = p.Address()
	return p, u.String()
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.p.Listen }

// Refuse closes every connection and the listener: nobody is there.
func (p *Proxy) Refuse() { p.p.Stop() }

// Accept undoes Refuse, on the same port.
func (p *Proxy) Accept(t testing.TB) {
	t.Helper()
	if err := p.p.Start(); err != nil {
		t.Fatalf("proxy: %v", err)
	}
}

// Silence swallows everything in both directions, on connections that are
// there and new ones, without closing any.
func (p *Proxy) Silence(t testing.TB) {
	t.Helper()
	p.add(t, `{"name":"silent-up","type":"timeout","stream":"upstream","attributes":{"timeout":0}}`)
	p.add(t, `{"name":"silent-down","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`)
}

// Slow delays every answer by latency, give or take jitter.
func (p *Proxy) Slow(t testing.TB, latency, jitter time.Duration) {
	t.Helper()
	p.add(t, `{"name":"slow","type":"latency","stream":"downstream","attributes":{"latency":`+
		ms(latency)+`,"jitter":`+ms(jitter)+`}}`)
}

// Reset cuts every connection with a RST, those to come too, after delay.
func (p *Proxy) Reset(t testing.TB, delay time.Duration) {
	t.Helper()
	p.add(t, `{"name":"reset","type":"reset_peer","stream":"downstream","attributes":{"timeout":`+ms(delay)+`}}`)
}

// Heal takes every fault away; connections that a fault swallowed bytes of are
// closed.
func (p *Proxy) Heal(t testing.TB) {
	t.Helper()
	p.p.Toxics.ResetToxics(t.Context())
}

func (p *Proxy) add(t testing.TB, toxic string) {
	t.Helper()
	if _, err := p.p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatalf("proxy: %v", err)
	}
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

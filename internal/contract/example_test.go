package contract_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/profilekit/profilekit/internal/contract"
)

func Example() {
	document, err := os.ReadFile("../../httpadapter/openapi.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := contract.New(document)
	if err != nil {
		fmt.Println(err)
		return
	}
	// A server that shows the default picture as a GIF.
	rec := httptest.NewRecorder()
	rec.Header().Set("X-Request-Id", "4PLM7Q2XD6T3VYB5NAHKCEW2RS")
	rec.Header().Set("X-Content-Type-Options", "nosniff")
	rec.Header().Set("Cache-Control", "public, max-age=60")
	rec.Header().Set("Content-Type", "image/gif")
	rec.WriteString("GIF89a")
	request := httptest.NewRequest(http.MethodGet, "/default-avatar.png", nil)
	fmt.Println(v.Check(contract.Exchange{Request: request, Response: rec.Result(), Body: rec.Body.Bytes()}))
	// Output: GET /default-avatar.png -> 200: Content-Type "image/gif" is not documented
}

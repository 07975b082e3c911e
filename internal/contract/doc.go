// Package contract holds what was said over HTTP against the OpenAPI file of
// httpadapter. It is its own module, so that the parser of such files is no
// requirement of the library.
//
//	v, err := contract.New(document)
//	err = v.Check(contract.Exchange{Request: req, Response: resp, Body: body, …})
//
// Check is strict in both directions: a status, header, content type or body
// that the file does not have is an error, and so is a request that was
// accepted though the file does not allow it. What the file says in words only,
// for every answer, is checked too; see conventions.go.
//
// Package blackbox, below, is the run that asks every route.
package contract

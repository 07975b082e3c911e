module github.com/profilekit/profilekit/examples

go 1.26.0

require github.com/profilekit/profilekit v0.0.0

replace github.com/profilekit/profilekit => ../

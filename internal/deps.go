package internal

import (
	_ "github.com/bep/imagemeta"
	_ "github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"
	_ "github.com/pressly/goose/v3"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/crypto/bcrypt"
	_ "golang.org/x/crypto/chacha20poly1305"
	_ "golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
	_ "golang.org/x/net/idna"
	_ "golang.org/x/text/language"
	_ "golang.org/x/text/secure/precis"
	_ "modernc.org/sqlite"
)

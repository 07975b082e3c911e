package sqlstore

import "context"

// Failure is what a driver's error becomes, for the tests.
func (d *DB) Failure(err error) error { return d.failure(context.Background(), err) }

// The texts that the plan tests explain.
var (
	PageText          = selectPage.postgres
	KindPageText      = selectKindPage.postgres
	SessionUserText   = selectSessionUser.postgres
	UsernameText      = selectByUsername.postgres
	PurgeText         = purgeSessions.postgres
	PurgeActivityText = purgeActivity.postgres
	PageSQLite        = selectPage.sqlite
	KindPageSQLite    = selectKindPage.sqlite
	SessionSQLite     = selectSessionUser.sqlite
)

package sqlstore

import (
	"context"
	"slices"
	"strings"
)

// Failure is what a driver's error becomes, for the tests.
func (d *DB) Failure(err error) error { return d.failure(context.Background(), err) }

// Texts are one statement in both databases' words; "" is one that the
// database is never asked.
type Texts struct{ Postgres, SQLite string }

// Statements returns every statement by the name of its variable; the three
// texts of a change as name, name/one and name/many. A test compares the names
// with the sources.
func Statements() map[string]Texts {
	all := map[string]Texts{}
	for name, s := range map[string]*statement{
		"selectPage": selectPage, "selectKindPage": selectKindPage, "purgeActivity": purgeActivity, "eraseActivity": eraseActivity,
		"insertEvents": insertEvents, "insertEvent": insertEvent,
		"reserveKeys": reserveKeys, "makeLive": makeLive, "makeDead": makeDead, "takeKey": takeKey, "giveBackKey": giveBackKey, "claimKeys": claimKeys, "selectLive": selectLive, "countLive": countLive, "selectKnown": selectKnown, "forgetKeys": forgetKeys,
		"holdKeys": holdKeys, "selectHeld": selectHeld, "countHeldNames": countHeldNames, "passNames": passNames, "eraseHolds": eraseHolds, "purgeHolds": purgeHolds,
		"selectOwner": selectOwner, "selectKeys": selectKeys,
		"selectPasswordApart": selectPasswordApart, "lockPasswordApart": lockPasswordApart,
		"erasePassword": erasePassword, "erasePasswordApart": erasePasswordApart, "selectDue": selectDue, "deleteUser": deleteUser,
		"selectPassword": selectPassword, "lockPassword": lockPassword,
		"selectSession": selectSession, "selectSessions": selectSessions, "trimSessions": trimSessions, "touchSession": touchSession,
		"selectSessionUser": selectSessionUser, "endSessions": endSessions, "purgeSessions": purgeSessions,
		"selectSettings": selectSettings, "eraseSettings": eraseSettings,
		"takeThrottle": takeThrottle, "refundThrottle": refundThrottle, "resetThrottle": resetThrottle, "purgeThrottle": purgeThrottle,
		"insertItem": insertItem, "claimItems": claimItems, "itemDue": itemDue, "finishItem": finishItem, "retryItem": retryItem, "buryItem": buryItem,
		"deadItems": deadItems, "purgeItems": purgeItems, "waitingItems": waitingItems,
		"addTickets": addTickets, "selectTicket": selectTicket, "takeTicket": takeTicket, "selectTickets": selectTickets,
		"dropTickets": dropTickets, "dropTicketsOf": dropTicketsOf, "purgeTickets": purgeTickets,
		"selectFactors": selectFactors, "selectByLookup": selectByLookup, "renameFactor": renameFactor,
		"removeFactors": removeFactors, "purgeFactors": purgeFactors, "factorsAfter": factorsAfter, "resealFactor": resealFactor,
		"selectHandle": selectHandle, "presentHandle": presentHandle, "insertHandle": insertHandle, "eraseHandle": eraseHandle,
		"selectUser": selectUser, "selectByUsername": selectByUsername, "selectByEmail": selectByEmail,
		"selectVersion": selectVersion, "selectTaken": selectTaken,
	} {
		all[name] = Texts{s.postgres, s.sqlite}
	}
	for name, c := range map[string]change{
		"insertPasswordApart": insertPasswordApart, "updatePasswordApart": updatePasswordApart,
		"updatePassword": updatePassword, "insertSession": insertSession, "rotateSession": rotateSession, "endSession": endSession,
		"insertSettings": insertSettings, "updateSettings": updateSettings,
		"insertFactor": insertFactor, "useFactor": useFactor, "removeFactor": removeFactor,
		"insertUser": insertUser, "updateUser": updateUser, "editUser": editUser,
	} {
		all[name] = Texts{c.none.postgres, c.none.sqlite}
		all[name+"/one"] = Texts{c.one.postgres, c.one.sqlite}
		all[name+"/many"] = Texts{c.many.postgres, c.many.sqlite}
	}
	return all
}

// TextColumns are the columns of textFields, in their order.
func TextColumns() []string {
	var columns []string
	for _, f := range textFields {
		columns = append(columns, columnOf(f))
	}
	return columns
}

// Schema describes the tables as a file of the folder schema does.
func (d *DB) Schema(ctx context.Context) (string, error) {
	lines, err := d.schema(ctx, d.main.DB)
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = l.Table + "|" + l.What + "|" + l.Type + "\n"
	}
	slices.Sort(list)
	return strings.Join(list, ""), err
}

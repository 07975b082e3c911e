// Package authstore has the records that package auth stores, and the interfaces of the
// stores. A host with a database of its own implements these interfaces, and checks them
// with authtest.Run. Package sqlstore has them ready.
//
// [Stores] has a field for each kind of store: hashes of passwords ([PasswordStore]), sessions and
// trusted devices ([SessionStore]), links, codes and challenges ([TicketStore]), second
// factors ([FactorStore]), and the names that authenticators know users by ([HandleStore]).
// An ability is what a store can do beyond that; storage.As finds it: [UsersBeside],
// [SessionUserStore], [FactorWalker], [Watched].
//
// Every store joins a transaction that ctx carries, and is safe for concurrent use. A
// method that takes events writes both what it is for and the events, or neither.
package authstore

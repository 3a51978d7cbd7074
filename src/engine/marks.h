// What the engine remembers of a deal between two syncs beside its state (store::DealRow::marks): every name stands
// here once. What both sides agreed on for one field has the store's own mark, store::agreed_mark.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/pair.h"

namespace cosell::engine {

// Ties that people and the matcher made or took back.
inline constexpr const char* unlinked_mark = "unlinked";  // a person took the two apart; value: the other record's id
inline constexpr const char* match_mark = "match.with";   // the deal waits: what it may be the same as, in words
// A person said that it is no deal of the other side; value: the record that it was taken apart from, or "yes".
inline constexpr const char* no_match_mark = "match.none";
inline constexpr const char* restarted_mark = "restarted_as";   // an old referral: the opportunity that left it
inline constexpr const char* predecessor_mark = "predecessor";  // an opportunity: its referral before this one
inline constexpr const char* left_mark = "left_as_is";          // a person wants the difference to stay

// Several records with one key (ties.h). A second record has the first of a pair, its value is the key; the deal
// that the key is tied to has the other one, with the other records.
inline constexpr const char* clone_mark = "clone_of";  // an opportunity that carries another one's referral (F-47)
inline constexpr const char* cloned_mark = "copied_to";
inline constexpr const char* twin_mark = "twin_of";  // a referral that names another one's opportunity (I-17)
inline constexpr const char* twinned_mark = "doubled_by";
std::string second_holder_mark(Side side);  // clone_mark, twin_mark
std::string other_holders_mark(Side side);  // cloned_mark, twinned_mark

// Writes that were under way when the deal was tied to another record, by their ids: what they agree on was agreed with
// the one before.
inline constexpr const char* agreed_before_mark = "agreed_before";

// A person gave the side's record the key of another deal than it is tied to, which is set back: the moment and the
// key.
std::string retyped_mark(Side side);

// Since when the side shows a state of the record from before the known one: at first it may be a stale answer (F-19);
// one that lasts was restored (F-48) and waits for a person.
std::string older_mark(Side side);
std::string restored_mark(Side side);

// Steps that cannot be taken back: since when one waits to leave, since when a person is asked about it, and when a
// person let it leave.
std::string settle_mark(Irreversible step);
std::string asked_mark(Irreversible step);
std::string approved_mark(Irreversible step);
// What was told with that question of the fields in conflict and of both their values, as a hash.
inline constexpr const char* won_beside_mark = "won_beside";
bool is_settle_mark(const std::string& name);
bool is_step_mark(const std::string& name);  // one of the three

// The writes that a side refused in just this form, what it said, and how people are told.
std::string refused_mark(Side side);
inline constexpr const char* refused_message_mark = "refused.message";
inline constexpr const char* refused_reason_mark = "refused.reason";
// When the side is sent them again all the same: it never said why it did not take them.
std::string refused_until_mark(Side side);
bool is_refused_mark(const std::string& name);  // one of the four
// How often a write was tried that may leave again.
inline constexpr const char* attempts_mark = "attempts";
// How many writes in a row met another state of the record than the one they were planned for, or were answered by an
// error that says nothing of them.
std::string misses_mark(Side side);

inline const std::string choice_prefix = "choice.";  // + field: what a person chose, until it is carried out
inline const std::string journey_prefix = "flip.";   // + field: of a value that goes back and forth

// An opportunity's columns that the CRM does not show to the bridge's user, and that were not empty when it did (names,
// parted by blanks).
inline constexpr const char* hidden_mark = "hidden";

inline constexpr const char* answer_unread_mark = "answer.unread";  // why Microsoft's answer could not be read, as told
inline constexpr const char* registration_mark = "registration.wanted";  // the registration as it is wanted, as text
inline constexpr const char* warning_mark = "warning";  // a note that keeps nothing back; `todo` lists such deals

inline constexpr const char* untold_mark =
    "untold";                                     // a choice of which another mapping or setting may make another one
inline constexpr const char* told_mark = "told";  // its seller reads how the deal stands, and is told when that ends
inline constexpr const char* waits_too_mark = "waits_too";  // reasons that the deal waits for behind the first one
// All that the deal waits for: its first reason, and those behind it.
std::vector<std::string> reasons_of(const store::DealRow& row);

bool has_mark(const store::DealRow& row, const std::string& name);
// Did both sides agree on anything?
bool is_agreed_on(const store::DealRow& row);
// A person took it apart, and no other key was typed into it since.
bool is_taken_apart(const store::DealRow& row);
// By a person, who took the two apart or called them deals of their own (I-16).
bool is_told_apart_from(const store::DealRow& row, const std::string& record);
// A mark that holds a moment.
std::optional<Instant> mark_time(const store::DealRow& row, const std::string& name);
void set_mark_time(store::DealRow& row, const std::string& name, Instant at);
// A mark that names several records, the first of them first.
std::vector<std::string> marked_records(const store::DealRow& row, const std::string& name);
void mark_record(store::DealRow& row, const std::string& name, const std::string& record);
// Of two rows that become one: the writes of the one that goes move over, and what is known of their agreements too.
void take_over_writes(const store::DealRow& goes, store::DealRow& stays);
// The same of one of its records: what is hidden of it, whether it shows an older state, what its seller was told.
void take_over_record(const store::DealRow& goes, Side side, store::DealRow& stays);
void unmark_record(store::DealRow& row, const std::string& name, const std::string& record);
// What a side refused, nothing of which counts any more.
void forget_refused(store::DealRow& row, Side side);

}  // namespace cosell::engine

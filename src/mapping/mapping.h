// A mapping file, read and checked: how one company's CRM columns and stages become a deal, and back.
//
// Pure: it is handed texts and gives back values or findings. It knows no CRM by name; everything particular
// to a system is in the shipped base files that a company's file extends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "deal/deal.h"
#include "deal/own_column.h"

namespace cosell::mapping {

// A finding in a file: "acme.jsonc:12:7: unknown stage 45 … did you mean 40?"
struct FileFinding {
  enum class Severity : std::uint8_t { error, warning } severity = Severity::error;
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string code;     // "unknown-field"
  std::string message;  // what is wrong and what was expected
  std::string remedy;   // what to write instead; may be ""
};
std::string to_string(const FileFinding& f);

enum class Direction : std::uint8_t { both, to_partner_center, to_crm, off };
enum class ConflictRule : std::uint8_t { crm, partner_center, furthest_stage, latest, prefer_crm_unless_blank, ask };
enum class FirstLink : std::uint8_t { crm, partner_center, ask };  // a blank always takes the other
enum class Backward : std::uint8_t { hold, follow, ignore };       // a stage that moves back

const char* name_of(Direction d);
const char* name_of(ConflictRule r);
const char* name_of(FirstLink f);
const char* name_of(Backward b);

// How one deal field is kept the same.
struct FieldRule {
  Field field = Field::name;
  Direction direction = Direction::both;
  ConflictRule conflict = ConflictRule::ask;
  FirstLink first_link = FirstLink::crm;
  bool create_only = false;
  bool required = false;  // no referral is created without it
  std::string column;     // CRM column for people ("Amount"); "" when it has none
};

// What the CRM's own record says, in canonical form.
struct ReadDeal {
  Deal deal;
  // What could not be read: unknown CRM stage, amount without currency … Each holds the field, not the deal.
  struct Problem {
    Field field;
    std::string code;     // "unknown-stage"
    std::string message;  // names column, value, and the line of the mapping to change
  };
  std::vector<Problem> problems;
};

struct Selection {
  bool takes_part = false;
  std::string reason;  // code when it does not: "not_selected", "closed_before_first_sync"; stable
  std::string text;    // for people: "Cosell_Sync__c is not ticked"
};

// What the seller sees in the CRM's bridge-owned columns.
struct SellerView {
  std::string state;  // "In sync", "Waiting for you", …
  std::string message;
  std::optional<Instant> since;  // when this state was entered
  std::string referral_id;
  std::string link;
  std::string microsoft_answer;
  std::string microsoft_reason;
  std::string microsoft_crm_id;
  std::string registration;
};

enum class CreateInCrm : std::uint8_t { inbound, all, none };
enum class NoMatch : std::uint8_t { create, wait };

// Where customers come from when an inbound deal needs an account.
struct CustomerRule {
  std::vector<std::string> match;  // deal-side parts: "name", "postal_code", "country"
  NoMatch none = NoMatch::create;
};

// How two existing records that no key ties together are judged: points of 100 for what agrees.
struct MatchRule {
  int customer = 35;  // the same customer; another one is never the same deal
  int name = 40;      // by the share of common words
  int value = 15;
  int close_date = 10;  // half of it within 30 days
  int sure = 85;        // from here on linked without a person; 101: never
  int doubtful = 55;    // from here on a person decides; below, they are two deals
};
enum class Likeness : std::uint8_t { no, doubtful, sure };
struct MatchScore {
  int points = 0;  // of 100
  Likeness likeness = Likeness::no;
  std::string because;  // "same customer, similar name, another value"
};

class Mapping {
 public:
  Mapping();
  ~Mapping();
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;

  // --- identity
  const std::string& text() const;  // everything that was read, for the store (extended files included, no folder)
  const std::string& hash() const;  // of text()

  // --- reading the CRM
  std::vector<std::string> columns_read() const;     // what the connector has to ask for
  std::vector<std::string> columns_written() const;  // what it must be allowed to write
  // Columns that exist for the bridge's sake: opt-in, help, visibility, notes, state, … Those of its "bridge" part, of
  // "select", and of fields that a CRM has no standard column for.
  std::vector<OwnColumn> own_columns() const;
  // Fields that are read from this column.
  std::vector<Field> fields_from(const std::string& column) const;
  // Column that carries the referral id in the CRM (the bridge key), and the one that refers to the account.
  const std::string& key_column() const;
  const std::string& account_column() const;
  const std::string& stage_column() const;

  Selection select_opportunity(const Columns& opportunity) const;
  Selection select_referral(const Deal& referral) const;  // does it belong to this pair?
  const std::set<std::string>& locations() const;         // whose referrals belong to it; empty: all
  // The locations that new referrals are given, as far as the file says; what stands in a column only the CRM knows.
  std::set<std::string> locations_of_new_referrals() const;
  bool appears_in_crm(const Deal& referral) const;  // may an unlinked one become an opportunity?

  ReadDeal read(const Columns& opportunity) const;
  // Whatever the mapping names or such a record shows of people, also in fields that are off: for leaving them out.
  std::vector<std::string> people_in(const Columns& opportunity) const;
  // Adds the defaults that are evaluated once, when a referral is created (`today + 90d`, constants, tables), and takes
  // out what the field's direction keeps in the CRM.
  Deal complete_for_create(Deal deal, const Columns& opportunity, Date today) const;

  // --- writing the CRM
  // Columns for changed deal fields. An equivalent CRM stage is left alone. A field that cannot be written (no column,
  // stage without write-back) is a problem, never a guess.
  struct Written {
    Columns columns;
    std::vector<ReadDeal::Problem> problems;
  };
  Written write(const Deal& changes, const Columns& present) const;
  // All columns of a new opportunity for an inbound deal. `account`: id of the customer's record; may be empty.
  Written create_opportunity(const Deal& referral, const std::string& account, Date today) const;
  // Columns to search, and to create, the customer's record.
  Columns account_match(const Customer& customer) const;
  Columns account_record(const Customer& customer) const;
  const CustomerRule& customer_rule() const;

  Columns seller_columns(const SellerView& view) const;  // bridge-owned columns; only those the mapping names

  // --- policy
  const FieldRule& rule(Field f) const;  // direction off when the mapping does not name the field
  // The column that a person fills in for this part of a field ("country", "email", "currency"; "": all of it); "" when
  // the mapping names none.
  std::string column_of(Field f, const std::string& part) const;
  // The date of a statement that stands for this field and does not count yet.
  std::optional<Date> counts_later(Field f, Date today) const;
  Backward backward() const;
  CreateInCrm create_in_crm() const;
  // The CRM stage that means "sent by Microsoft, not answered yet" for an opportunity like this one (without columns:
  // for a new one); "" when the mapping names none.
  std::string waiting_stage(const Columns& opportunity = {}) const;
  // The column in which the reason of this opportunity's closing stage stands; "" when the mapping names none.
  std::string reason_column(const Columns& opportunity) const;
  // Owner of new opportunities: the column to set, and the e-mail addresses to look up one after another; the first
  // that is a user of the CRM counts. create_opportunity sets an owner whom the mapping names by id, who counts when
  // none of them is.
  const std::string& owner_column() const;
  std::vector<std::string> new_owner_emails(const Deal& referral) const;
  // Are these two records the same deal? A referral that waits for an answer is at most doubtful, since linking it to
  // an open opportunity would accept it.
  const MatchRule& match_rule() const;
  MatchScore match_score(const Deal& opportunity, const Deal& referral) const;

  // --- stages. `record_type`: a value of record_type_column(); those without a table of their own, and "", have the
  // general one.
  const std::string& record_type_column() const;  // "" when all opportunities share one table
  std::vector<std::string> record_types() const;  // those with a table of their own
  // For people: "Negotiation/Review -> 80 Negotiated (acme.jsonc:14)".
  std::string explain_stage(const std::string& crm_stage, const std::string& record_type = "") const;
  std::vector<std::string> mapped_stages(const std::string& record_type = "") const;

 private:
  friend class MappingReader;
  friend class LiveCheck;
  friend class Inspector;
  struct Data;
  std::unique_ptr<const Data> data_;
};

// Reads `file` and what it extends. `load` gives the text of a shipped base or of a file beside it.
struct Loaded {
  std::optional<Mapping> mapping;     // set when there is no error
  std::vector<FileFinding> findings;  // errors and warnings, in file order
};
using LoadText = std::function<Result<std::string>(const std::string& name)>;
Loaded read_mapping(const std::string& file_name, const std::string& text, const LoadText& load);

// Compares with what the CRM really has: stages not in the live list, live stages not mapped or with another outcome,
// columns that are missing, locked, too short or of another type, values of picklists that the tables do not know.
// Stages in the order of the pipeline.
struct LiveStage {
  std::string id;
  std::string label;
  bool active = true;
  bool closed = false;
  bool won = false;
  std::optional<int> probability = {};
  std::vector<std::string> record_types = {};  // those that offer it; empty: not known, or all
  bool first = false;                          // new opportunities begin here, whatever the bridge writes with them
};
struct LiveColumn {
  std::string name;
  bool writable = true;
  std::string type = {};  // "text", "number", "boolean", "date", "instant", "picklist", "reference"; "" unknown
  int length = 0;         // longest text; 0: unbounded, or no text
  std::vector<std::string> values = {};  // picklist: stable values
  bool listed = true;                    // by the CRM; false: its record is not described, and it is taken to be there
};
// What the file says of a day that is still to come.
std::vector<FileFinding> check_against_day(const Mapping& mapping, Date today);
std::vector<FileFinding> check_against_live(const Mapping& mapping, const std::vector<LiveStage>& stages,
                                            const std::vector<LiveColumn>& columns);

}  // namespace cosell::mapping

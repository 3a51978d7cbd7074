// Each question is one request on the test deal and one look at what a read shows afterwards: an answer of 200 proves
// nothing, since a service may take a change and not keep it. What cannot be told is said, and decides no setting.
#include "connectors/partner_center/partner_center_pilot.h"

#include <optional>

#include "base/text.h"
#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/pilot_deal.h"
#include "connectors/partner_center/referral_feed.h"
#include "connectors/partner_center/referral_wire.h"
#include "deal/deal.h"

namespace cosell {
namespace {

namespace pc = partner_center;

const std::string kName = pc::kPilotName;

json::Value word(const std::string& s) { return json::Value::string(s); }

json::Value replacing(const std::string& path, json::Value value) {
  json::Value op = json::Value::object();
  op.set("op", word("replace"));
  op.set("path", word(path));
  op.set("value", std::move(value));
  json::Value operations = json::Value::array();
  operations.append(std::move(op));
  return operations;
}

enum class Taken : std::uint8_t { refused, not_kept, kept };

const char* in_words(Taken taken) {
  switch (taken) {
    case Taken::refused:
      return "no";
    case Taken::not_kept:
      return "it is not refused, and not kept";
    case Taken::kept:
      return "yes";
  }
  return "";
}

// A change and the field by which a read shows that it was kept. The value must not be there already.
struct Change {
  std::string path;
  json::Value value;
  Field field;
  Value shows;
};

// What the list showed under a filter that only the test deal fits.
struct Listed {
  bool refused = false;
  bool deal = false;
  bool others = false;  // of other engagements
  bool with_tag = false;
};

// What the newest referrals show, read before the test deal is made.
struct Newest {
  bool read = false;
  std::optional<bool> half_with_tag;            // of one of Microsoft's halves; empty: none was shown
  std::vector<std::string> shared_engagements;  // of deals that Microsoft may see, newest first
};
constexpr std::size_t kMostEngagementsLookedAt = 10;

// Whether a half of Microsoft's that is among the rows carries its version; empty: there is none.
std::optional<bool> half_with_tag(const pc::Rows& rows) {
  for (const pc::Rows::Row& row : rows.rows) {
    if (pc::whose(row.head, "") == pc::Whose::microsoft) return !row.head.etag.empty();
  }
  return std::nullopt;
}

class PilotRun {
 public:
  PilotRun(Call& call, const PartnerCenterSettings& settings, std::shared_ptr<net::TokenSource> tokens,
           const PilotDeal& deal)
      : call_(call), settings_(settings), client_(settings, std::move(tokens)), deal_(deal) {}

  PilotReport run() {
    look_at_the_newest();
    if (!create()) return report_;
    const bool asked = ask_about_stage() && ask_about_patches() && ask_about_money() && ask_about_engagements() &&
                       ask_about_microsofts_half() && ask_about_changes() && ask_about_tags();
    static_cast<void>(asked);  // the deal is closed whether or not every question was answered
    close();
    return report_;
  }

 private:
  Result<pc::Answer> write(const std::string& method, json::Value body, const std::string& if_match) {
    pc::Write w;
    w.method = method;
    w.path = report_.record.empty() ? "" : "/" + report_.record;
    w.body = std::move(body);
    w.if_match = if_match;
    w.operation_id = call_.random.uuid();
    return client_.write(call_, w);
  }

  bool stop(const std::string& doing, const Error& e) {
    if (!report_.trouble.empty()) return false;
    report_.trouble = doing + ": " + e.message + (e.detail.empty() ? "" : " (" + e.detail + ")");
    report_.trouble_kind = e.kind;
    return false;
  }

  void learnt(std::string question, std::string answer, std::string setting = "", json::Value value = {}) {
    report_.answers.push_back({std::move(question), std::move(answer), std::move(setting), std::move(value)});
  }

  // Takes over version and content of the deal as a read shows it.
  bool refresh() {
    const auto answer = client_.read(call_, "/" + report_.record);
    if (!answer) return stop("Reading the test deal", answer.error());
    const auto head = pc::read_head(answer->body);
    if (!head) {
      return stop("Reading the test deal", make_error(ErrorClass::bad_response, "the answer is not a referral"));
    }
    head_ = *head;
    columns_ = pc::read_referral(answer->body, head_, settings_.link_template).columns;
    return true;
  }

  const Value& shown(Field field) const { return column(columns_, info(field).name); }

  // What cannot be read now is no matter of this pilot.
  void look_at_the_newest() {
    auto answer = client_.read(call_, "?$orderby=createdDateTime%20desc");
    if (!answer) return;
    const Result<pc::Rows> rows = pc::read_rows(std::move(*answer));
    if (!rows) return;
    newest_.read = true;
    newest_.half_with_tag = half_with_tag(*rows);
    for (const pc::Rows::Row& row : rows->rows) {
      const Columns columns = pc::read_referral(*row.referral, row.head, settings_.link_template).columns;
      if (column(columns, info(Field::visible).name) != Value(true)) continue;
      if (newest_.shared_engagements.size() == kMostEngagementsLookedAt) break;
      newest_.shared_engagements.push_back(row.head.engagement_id);
    }
    close_what_was_left(*rows);
  }

  // A pilot that was killed leaves its deal open. Only newest referrals are looked through.
  void close_what_was_left(const pc::Rows& rows) {
    for (const pc::Rows::Row& row : rows.rows) {
      const bool of_a_pilot =
          row.head.crm_id == pc::kPilotCrmId && text::starts_with(row.referral->text_of("name"), kName);
      columns_ = pc::read_referral(*row.referral, row.head, settings_.link_template).columns;
      if (!of_a_pilot || is_closed()) continue;
      report_.record = row.head.id;
      close();
      learnt("Was a test deal of an earlier pilot left open?",
             report_.closed ? "yes, " + row.head.id + "; it is closed now"
                            : "yes, and it cannot be closed; close it by hand: " +
                                  pc::link_to(settings_.link_template, row.head.id));
      PilotReport fresh;
      fresh.answers = std::move(report_.answers);
      report_ = std::move(fresh);
    }
  }

  bool create() {
    json::Value body = pc::pilot_body(deal_);
    body.set("salesStage", word("20"));
    auto made = write("POST", body, "");
    const bool refused = !made && made.error().kind == ErrorClass::rejected;
    if (refused) made = write("POST", pc::pilot_body(deal_), "");
    if (!made) {
      if (made.error().kind == ErrorClass::unknown) {
        report_.trouble = "It is not certain whether the test deal was made. Look in Partner Center for \"" + kName +
                          "\" and close it: " + made.error().message;
        report_.trouble_kind = made.error().kind;
        return false;
      }
      return stop("Making the test deal", made.error());
    }
    const auto head = pc::read_head(made->body);
    if (!head) {
      report_.trouble = "The answer to the create is not a referral. Look in Partner Center for \"" + kName + "\".";
      report_.trouble_kind = ErrorClass::bad_response;
      return false;
    }
    report_.record = head->id;
    report_.link = pc::link_to(settings_.link_template, head->id);
    if (!refresh()) {
      close();
      return false;
    }
    const bool kept = !refused && shown(Field::stage) == Value(Stage::s20);
    learnt("May the sales stage be sent with a create?",
           in_words(refused ? Taken::refused
                    : kept  ? Taken::kept
                            : Taken::not_kept),
           "stage_at_create", json::Value::boolean(kept));
    learnt("Status of a create", std::to_string(made->status));
    learnt("Does a deal that is read by its id carry its version?",
           head_.etag.empty() ? "no; without one the bridge changes nothing" : "yes");
    return true;
  }

  // Whether the change was kept; empty when something else went wrong.
  std::optional<Taken> tried(const Change& change, const std::string& doing) {
    const auto answer = write("PATCH", replacing(change.path, change.value), head_.etag);
    if (!answer && answer.error().kind != ErrorClass::rejected) {
      stop(doing, answer.error());
      return std::nullopt;
    }
    if (!answer) return Taken::refused;
    if (!refresh()) return std::nullopt;
    return shown(change.field) == change.shows ? Taken::kept : Taken::not_kept;
  }

  bool ask_about_stage() {
    const std::string question = "Which form of the sales stage does it take?";
    const auto percent = tried({"/salesStage", word("40"), Field::stage, Value(Stage::s40)}, question);
    if (!percent) return false;
    if (*percent == Taken::kept) {
      learnt(question, "percentages", "stage_form", word("percent"));
      return true;
    }
    const auto name = tried({"/salesStage", word("Develop"), Field::stage, Value(Stage::s40)}, question);
    if (!name) return false;
    if (*name == Taken::kept) {
      learnt(question, "names", "stage_form", word("name"));
    } else if (*percent == Taken::not_kept || *name == Taken::not_kept) {
      learnt(question, in_words(Taken::not_kept));
    } else {
      learnt(question, "it takes neither a percentage nor a name on a new deal");
    }
    return true;
  }

  bool ask_whether(const std::string& question, const Change& change, const std::string& setting) {
    const auto taken = tried(change, question);
    if (!taken) return false;
    learnt(question, in_words(*taken), setting, json::Value::boolean(*taken == Taken::kept));
    return true;
  }

  bool ask_about_patches() {
    return ask_whether("May the name be changed?", {"/name", word(kName + "!"), Field::name, Value(kName + "!")},
                       "patch_name") &&
           ask_whether("May the marketplace intent be changed?",
                       {"/details/requirements/additionalRequirements/attributes", pc::intent_attributes("No"),
                        Field::marketplace_intent, Value(std::string("No"))},
                       "patch_marketplace_intent");
  }

  bool ask_about_money() {
    const std::string question = "Is an amount taken as a number?";
    const std::string figure = std::to_string(2 * pc::kPilotValue);
    const auto money = money_from(*parse_number(figure), deal_.currency);
    if (!money) return stop(question, make_error(ErrorClass::config, "unknown currency " + deal_.currency));
    Change change{"/details/dealValue", json::Value::number(figure), Field::value, Value(*money)};
    const auto as_number = tried(change, question);
    if (!as_number) return false;
    if (*as_number == Taken::kept) {
      learnt(question, "yes", "money_as_text", json::Value::boolean(false));
      return true;
    }
    change.value = word(figure);
    const auto as_text = tried(change, question);
    if (!as_text) return false;
    if (*as_text == Taken::kept) {
      learnt(question, "no, as text", "money_as_text", json::Value::boolean(true));
    } else {
      learnt(question, *as_number == Taken::refused && *as_text == Taken::refused
                           ? "it is taken neither as a number nor as text"
                           : in_words(Taken::not_kept));
    }
    return true;
  }

  // Empty when something else than a refusal went wrong.
  std::optional<Listed> listed(const std::string& query) {
    Listed seen;
    auto answer = client_.read(call_, "?" + query);
    if (!answer && answer.error().http_status == 400) {
      seen.refused = true;
      return seen;
    }
    const Result<pc::Rows> rows = answer ? pc::read_rows(std::move(*answer)) : Result<pc::Rows>(answer.error());
    if (!rows) {
      stop("Listing the test deal", rows.error());
      return std::nullopt;
    }
    for (const pc::Rows::Row& row : rows->rows) {
      const bool same = row.head.engagement_id == head_.engagement_id;
      if (!same) seen.others = true;
      if (row.head.id != report_.record) continue;
      seen.deal = true;
      seen.with_tag = !row.head.etag.empty();
    }
    return seen;
  }

  bool ask_about_engagements() {
    const std::string question = "How is an engagement looked for?";
    std::optional<Listed> found;
    bool ignored = false;
    for (const bool quoted : {true, false}) {
      const auto seen = listed(pc::of_engagement(head_.engagement_id, quoted));
      if (!seen) return false;
      ignored = ignored || seen->others;
      if (found || !seen->deal || seen->others) continue;
      found = seen;
      quoted_engagements_ = quoted;
      learnt(question, quoted ? "with quotes" : "without quotes", "quoted_engagement_filter",
             json::Value::boolean(quoted));
      break;
    }
    if (!found) {
      learnt(question, ignored
                           ? "the filter is not refused, and not applied: Microsoft's answer to a deal is seen only "
                             "where its half can be read by its id"
                           : "it finds a new deal in neither way, at least not at once");
    }
    learnt("Do lists carry the version of a deal?", !found            ? "not to be told: no list showed the deal"
                                                    : found->with_tag ? "yes"
                                                                      : "no; each deal is read before it is changed");
    return true;
  }

  // The test deal is private and has no such half; a deal that is there already may have one. Nothing is changed, and
  // what cannot be read says nothing.
  bool ask_about_microsofts_half() {
    std::optional<bool> half = newest_.half_with_tag;
    bool all_read = newest_.read;
    for (const std::string& engagement : newest_.shared_engagements) {
      if (half || !all_read) break;
      auto answer = client_.read(call_, "?" + pc::of_engagement(engagement, quoted_engagements_));
      const Result<pc::Rows> rows = answer ? pc::read_rows(std::move(*answer)) : Result<pc::Rows>(answer.error());
      all_read = rows.has_value();
      if (rows) half = half_with_tag(*rows);
    }
    const char* why_not = !all_read ? "the newest deals could not be read"
                          : newest_.shared_engagements.empty()
                              ? "Microsoft may see none of the newest deals, and a private one has no half"
                              : "of the newest deals that Microsoft may see, none shows a half of Microsoft's";
    learnt("Does Microsoft's half of a deal carry a version?", !half   ? std::string("not to be told: ") + why_not
                                                               : *half ? "yes"
                                                                       : "no");
    return true;
  }

  bool ask_about_changes() {
    const std::string question = "Can changes be asked for by their time?";
    bool unseen = false;
    bool ignored = false;
    for (const bool quoted : {false, true}) {
      const Instant changed = head_.updated.value_or(call_.clock.now());
      const auto since = listed(pc::changes_since(changed, quoted));
      if (!since) return false;
      const auto later = listed(pc::changes_since(changed + days(1), quoted));
      if (!later) return false;
      if (since->refused || later->refused) continue;
      ignored = ignored || later->deal;
      unseen = unseen || !since->deal;
      if (!since->deal || later->deal) continue;
      learnt(question, quoted ? "yes, the time in quotes" : "yes", "changes_filter", word(quoted ? "quoted" : "bare"));
      return true;
    }
    if (unseen && !ignored) {
      learnt(question, "it does not find a new deal, at least not at once");
    } else {
      learnt(question, ignored ? "the filter is not refused, and not applied" : "no", "changes_filter", word("none"));
    }
    return true;
  }

  bool ask_about_tags() {
    const std::string question = "Is a write with an old version refused?";
    const std::string old = head_.etag;
    const auto notes = [](const std::string& text) {
      return Change{"/details/notes", word(text), Field::notes, Value(text)};
    };
    const auto changed = tried(notes("Changed once."), question);
    if (!changed) return false;
    if (*changed != Taken::kept || head_.etag == old) {
      learnt(question, "not to be told: a change gave no new version");
      return true;
    }
    const Change stale = notes("Written over.");
    const auto answer = write("PATCH", replacing(stale.path, stale.value), old);
    if (!answer && answer.error().kind == ErrorClass::rejected) {
      learnt(
          question,
          "yes, but with status " + std::to_string(answer.error().http_status) +
              " like any other refusal: a deal that was changed meanwhile counts as refused until that change is read");
      return true;
    }
    if (!answer && answer.error().kind != ErrorClass::precondition) return stop(question, answer.error());
    if (!answer) {
      learnt(question, "yes, with status " + std::to_string(answer.error().http_status));
      return true;
    }
    if (!refresh()) return false;
    learnt(question, shown(stale.field) == stale.shows ? "NO: somebody's change in Partner Center could be written over"
                                                       : in_words(Taken::not_kept));
    return true;
  }

  bool is_closed() const {
    const auto* standing = std::get_if<Standing>(&shown(Field::standing));
    return standing != nullptr && standing->status == Status::closed;
  }

  void close() {
    json::Value operations = replacing("/status", word("Closed"));
    for (const char* more : {"/substatus", "/statusReason"}) {
      const std::string value = std::string(more) == "/substatus" ? "Lost" : "Test by cosell";
      operations.append(replacing(more, word(value)).items().front());
    }
    const std::string doing = "Closing the test deal";
    // A question that went wrong may have left another version than the one known here.
    static_cast<void>(refresh());
    const auto answer = write("PATCH", std::move(operations), head_.etag);
    // An answer that was lost may have closed it, and one that came need not have.
    report_.closed = refresh() && is_closed();
    if (report_.closed) return;
    stop(doing,
         answer ? make_error(ErrorClass::rejected, "it is not refused, but the deal stays open") : answer.error());
  }

  Call& call_;
  const PartnerCenterSettings& settings_;
  pc::Client client_;
  const PilotDeal& deal_;
  PilotReport report_;
  Newest newest_;
  bool quoted_engagements_ = true;
  pc::RowHead head_;  // of the deal as it was last read
  Columns columns_;
};

}  // namespace

PilotReport run_partner_center_pilot(Call& call, const PartnerCenterSettings& settings,
                                     std::shared_ptr<net::TokenSource> tokens, const PilotDeal& deal) {
  return PilotRun(call, settings, std::move(tokens), deal).run();
}

}  // namespace cosell

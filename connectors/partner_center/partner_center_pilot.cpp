// Each question is one request on the test deal and one look at what the server shows afterwards.
#include "connectors/partner_center/partner_center_pilot.h"

#include <optional>

#include "base/text.h"
#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/referral_wire.h"

namespace cosell {
namespace {

namespace pc = partner_center;

const std::string kName = "cosell test deal, please ignore";

json::Value word(const std::string& s) { return json::Value::string(s); }

json::Value listed(json::Value v) {
  json::Value list = json::Value::array();
  list.append(std::move(v));
  return list;
}

json::Value with_id(const std::string& id) {
  json::Value v = json::Value::object();
  v.set("id", word(id));
  return v;
}

json::Value intent_attributes(const std::string& intent) {
  json::Value attribute = json::Value::object();
  attribute.set("type", word("CustomerMarketplaceIntent"));
  attribute.set("id", word(intent));
  return listed(std::move(attribute));
}

json::Value customer() {
  json::Value address = json::Value::object();
  address.set("addressLine1", word("1 Test Street"));
  address.set("city", word("Redmond"));
  address.set("state", word("WA"));
  address.set("postalCode", word("98052"));
  address.set("country", word("US"));
  json::Value c = json::Value::object();
  c.set("name", word("cosell test customer"));
  c.set("address", std::move(address));
  c.set("team", json::Value::array());
  c.set("ids", json::Value::array());
  return c;
}

json::Value details(const PilotDeal& deal) {
  json::Value solution = with_id(deal.solution);
  solution.set("type", word("Name"));
  json::Value additional = json::Value::object();
  additional.set("attributes", intent_attributes("HaveNotDecided"));
  json::Value requirements = json::Value::object();
  requirements.set("solutions", listed(std::move(solution)));
  requirements.set("additionalRequirements", std::move(additional));
  json::Value d = json::Value::object();
  d.set("notes", word("Made by cosell to learn how the API answers. It is private and is closed at once."));
  d.set("dealValue", json::Value::integer(1000));
  d.set("currency", word(deal.currency));
  d.set("closingDateTime", word(to_string(deal.close_date) + "T00:00:00Z"));
  d.set("requirements", std::move(requirements));
  return d;
}

json::Value test_deal(const PilotDeal& deal) {
  json::Value member = json::Value::object();
  member.set("firstName", word("cosell"));
  member.set("lastName", word("bridge"));
  member.set("phoneNumber", word("+14255550100"));
  member.set("email", word("cosell@example.com"));
  json::Value consent = json::Value::object();
  consent.set("consentToToShareInfoWithOthers", json::Value::boolean(true));
  consent.set("consentToContact", json::Value::boolean(true));
  consent.set("consentToShareReferralWithMicrosoftSellers", json::Value::boolean(false));
  json::Value r = json::Value::object();
  r.set("name", word(kName));
  r.set("type", word("Independent"));
  r.set("qualification", word("SalesQualified"));
  r.set("mpnId", word(deal.location));
  r.set("externalReferenceId", word("cosell-pilot"));
  r.set("customerProfile", customer());
  r.set("consent", std::move(consent));
  r.set("details", details(deal));
  r.set("team", listed(std::move(member)));
  r.set("target", json::Value::array());
  return r;
}

json::Value replacing(const std::string& path, json::Value value) {
  json::Value op = json::Value::object();
  op.set("op", word("replace"));
  op.set("path", word(path));
  op.set("value", std::move(value));
  return op;
}

class PilotRun {
 public:
  PilotRun(Call& call, const PartnerCenterSettings& settings, std::shared_ptr<net::TokenSource> tokens,
           const PilotDeal& deal)
      : call_(call), settings_(settings), client_(settings, std::move(tokens)), deal_(deal) {}

  PilotReport run() {
    if (!create()) return report_;
    const bool asked = ask_about_stage() && ask_about_patches() && ask_about_lists() && ask_about_tags();
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
    return client_.write_all(call_, {&w, 1}).front();
  }

  bool stop(const std::string& doing, const Error& e) {
    if (report_.trouble.empty())
      report_.trouble = doing + ": " + e.message + (e.detail.empty() ? "" : " (" + e.detail + ")");
    return false;
  }

  void learnt(std::string question, std::string answer, std::string setting = "", json::Value value = {}) {
    report_.answers.push_back({std::move(question), std::move(answer), std::move(setting), std::move(value)});
  }

  // Takes over version and content of the deal.
  void show(const pc::Answer& answer) {
    if (!answer.body.is_object()) return;
    shown_ = answer.body;
    if (!answer.body.text_of("eTag").empty()) tag_ = answer.body.text_of("eTag");
  }

  bool refresh() {
    const auto answer = client_.read(call_, "/" + report_.record);
    if (!answer) return stop("Reading the test deal", answer.error());
    show(*answer);
    return true;
  }

  bool create() {
    json::Value body = test_deal(deal_);
    body.set("salesStage", word("20"));
    auto made = write("POST", body, "");
    const bool refused = !made && made.error().kind == ErrorClass::rejected;
    if (refused) made = write("POST", test_deal(deal_), "");
    if (!made) {
      if (made.error().kind == ErrorClass::unknown) {
        report_.trouble = "It is not certain whether the test deal was made. Look in Partner Center for \"" + kName +
                          "\" and close it: " + made.error().message;
        return false;
      }
      return stop("Making the test deal", made.error());
    }
    const auto head = pc::read_head(made->body);
    if (!head) {
      report_.trouble = "The answer to the create is not a referral. Look in Partner Center for \"" + kName + "\".";
      return false;
    }
    report_.record = head->id;
    report_.link = pc::link_to(settings_.link_template, head->id);
    show(*made);
    if (!refresh()) {
      close();
      return false;
    }
    const bool taken = !refused && shown_.text_of("salesStage") == "20";
    learnt("May the sales stage be sent with a create?",
           refused ? "no, it is refused"
           : taken ? "yes"
                   : "it is not refused, and not kept",
           "stage_at_create", json::Value::boolean(taken));
    learnt("Status of a create", std::to_string(made->status));
    return true;
  }

  // Whether the patch was taken; empty when something else went wrong.
  std::optional<bool> patch(json::Value operations, const std::string& doing) {
    const auto answer = write("PATCH", std::move(operations), tag_);
    if (answer) {
      show(*answer);
      if (!refresh()) return std::nullopt;
      return true;
    }
    if (answer.error().kind == ErrorClass::rejected) return false;
    stop(doing, answer.error());
    return std::nullopt;
  }

  bool ask_about_stage() {
    const std::string question = "Which form of the sales stage does it take?";
    const auto percent = patch(listed(replacing("/salesStage", word("40"))), question);
    if (!percent) return false;
    if (*percent) {
      learnt(question, "percentages", "stage_form", word("percent"));
      return true;
    }
    const auto name = patch(listed(replacing("/salesStage", word("Develop"))), question);
    if (!name) return false;
    if (*name) {
      learnt(question, "names", "stage_form", word("name"));
    } else {
      learnt(question, "it takes neither a percentage nor a name on a new deal");
    }
    return true;
  }

  bool ask_about_patches() {
    const std::string name = "May the name be changed?";
    const auto renamed = patch(listed(replacing("/name", word(kName + "!"))), name);
    if (!renamed) return false;
    const bool kept = *renamed && shown_.text_of("name") == kName + "!";
    learnt(name,
           kept       ? "yes"
           : *renamed ? "it is not refused, and not kept"
                      : "no",
           "patch_name", json::Value::boolean(kept));
    const std::string intent = "May the marketplace intent be changed?";
    const auto changed = patch(
        listed(replacing("/details/requirements/additionalRequirements/attributes", intent_attributes("No"))), intent);
    if (!changed) return false;
    learnt(intent, *changed ? "yes" : "no", "patch_marketplace_intent", json::Value::boolean(*changed));
    const std::string money = "Is an amount taken as a number?";
    const auto number = patch(listed(replacing("/details/dealValue", json::Value::integer(2000))), money);
    if (!number) return false;
    learnt(money, *number ? "yes" : "no", "money_as_text", json::Value::boolean(!*number));
    return true;
  }

  // Whether a filter finds the deal; empty when something else went wrong.
  std::optional<bool> finds(const std::string& filter, bool& tagged) {
    const auto answer = client_.read(call_, "?$filter=" + text::percent_encode(filter));
    if (!answer && answer.error().http_status == 400) return false;
    if (!answer) {
      stop("Listing the test deal", answer.error());
      return std::nullopt;
    }
    const json::Value* rows = answer->body.find("value");
    if (rows == nullptr) return false;
    for (const json::Value& row : rows->items()) {
      const auto head = pc::read_head(row);
      if (!head || head->id != report_.record) continue;
      tagged = !head->etag.empty();
      return true;
    }
    return false;
  }

  bool ask_about_lists() {
    const std::string engagement = shown_.text_of("engagementId");
    bool tagged = false;
    const auto quoted = finds("engagementId eq '" + engagement + "'", tagged);
    if (!quoted) return false;
    const std::string question = "How is an engagement looked for?";
    if (*quoted) {
      learnt(question, "with quotes", "quoted_engagement_filter", json::Value::boolean(true));
    } else {
      const auto bare = finds("engagementId eq " + engagement, tagged);
      if (!bare) return false;
      if (*bare) {
        learnt(question, "without quotes", "quoted_engagement_filter", json::Value::boolean(false));
      } else {
        learnt(question, "it finds a new deal in neither way, at least not at once");
      }
    }
    learnt("Do lists carry the version of a deal?", tagged ? "yes" : "no; each deal is read before it is changed");
    return true;
  }

  bool ask_about_tags() {
    const std::string old = tag_;
    const std::string question = "Is a write with an old version refused?";
    const auto changed = patch(listed(replacing("/details/dealValue", json::Value::integer(3000))), question);
    if (!changed) return false;
    if (tag_ == old) {
      learnt(question, "not to be told: a change gave no new version");
      return true;
    }
    const auto stale = write("PATCH", listed(replacing("/details/dealValue", json::Value::integer(4000))), old);
    if (stale) {
      learnt(question, "NO: somebody's change in Partner Center could be written over");
      return refresh();
    }
    if (stale.error().kind != ErrorClass::precondition) return stop(question, stale.error());
    learnt(question, "yes, with status " + std::to_string(stale.error().http_status));
    return true;
  }

  void close() {
    json::Value operations = json::Value::array();
    operations.append(replacing("/status", word("Closed")));
    operations.append(replacing("/substatus", word("Lost")));
    operations.append(replacing("/statusReason", word("Test by cosell")));
    // A question that went wrong may have left another version than the one known here.
    static_cast<void>(refresh());
    const auto answer = write("PATCH", std::move(operations), tag_);
    report_.closed = answer.has_value();
    if (!answer) stop("Closing the test deal", answer.error());
  }

  Call& call_;
  const PartnerCenterSettings& settings_;
  pc::Client client_;
  const PilotDeal& deal_;
  PilotReport report_;
  json::Value shown_ = json::Value::object();
  std::string tag_;
};

}  // namespace

PilotReport run_partner_center_pilot(Call& call, const PartnerCenterSettings& settings,
                                     std::shared_ptr<net::TokenSource> tokens, const PilotDeal& deal) {
  return PilotRun(call, settings, std::move(tokens), deal).run();
}

}  // namespace cosell

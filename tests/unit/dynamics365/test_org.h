// An emulated Dynamics 365 organisation with the connector in front of it.
#pragma once

#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "tests/support/crm_org.h"

namespace cosell::test {

class TestOrg : public CrmOrg {
 public:
  explicit TestOrg(Dynamics365Settings settings = default_settings())
      : CrmOrg(emulator::make_dynamics365_emulator()), settings_(std::move(settings)) {
    reconnect();
  }

  static Dynamics365Settings default_settings() {
    Dynamics365Settings s;
    s.instance = kHost;
    return s;
  }

  // A new process: nothing remembered but what the engine stores.
  void reconnect() {
    const emulator::Dynamics365Options known;
    net::OAuthClient client;
    client.token_endpoint = std::string(kHost) + "/" + known.tenant + "/oauth2/v2.0/token";
    client.client_id = known.client_id;
    client.scope = std::string(kHost) + "/.default";
    tokens =
        net::make_token_source(client, net::ClientCredentialsLogin{net::Secret(known.client_secret)}, lane, nullptr);
    connector = make_dynamics365_connector(settings_, tokens);
  }

  // A person creates an opportunity; `more` are further members (", \"estimatedvalue\":5").
  std::string create(const std::string& name, const std::string& more = "") {
    return make("opportunity",
                R"({"name":")" + name + R"(","salesstage":0,"estimatedclosedate":"2027-01-31")" + more + "}");
  }
  std::string create_account(const std::string& fields) { return make("account", fields); }
  std::string make(const std::string& table, const std::string& fields) {
    const auto answer = control("edit", R"({"table":")" + table + R"(","fields":)" + fields + "}");
    EXPECT_FALSE(answer.text_of("id").empty()) << json::write(answer);
    return answer.text_of("id");
  }
  void edit(const std::string& id, const std::string& fields, const std::string& table = "opportunity") {
    control("edit", R"({"table":")" + table + R"(","id":")" + id + R"(","fields":)" + fields + "}");
  }
  void remove(const std::string& id) { control("edit", R"({"id":")" + id + R"(","delete":true})"); }
  // A member of an opportunity as the server has it; null when there is none.
  json::Value on_server(const std::string& id, const std::string& member) {
    const auto all = control("records", "", "GET");
    for (const json::Value& row : all.find("opportunities")->items()) {
      if (row.text_of("opportunityid") != id) continue;
      const json::Value* found = row.find(member);
      return found == nullptr ? json::Value() : *found;
    }
    ADD_FAILURE() << "no opportunity " << id;
    return {};
  }

 private:
  Dynamics365Settings settings_;
};

inline std::vector<std::string> names_of(const std::vector<Observation>& seen) { return texts_of(seen, "name"); }

inline Columns new_deal(const std::string& name) {
  return {{"name", Value(name)},
          {"stage", Value(std::string("salesstage:0"))},
          {"estimatedclosedate", Value(Date{2027, 1, 31})}};
}

inline Operation planned_from(const Observation& seen, Columns changes) {
  Operation op = update_of(seen.id.value, std::move(changes));
  op.must_match = seen.version;
  for (const auto& change : op.changes) op.expected[change.first] = column(seen.columns, change.first);
  return op;
}

inline const std::vector<std::string> kColumns = {"name",
                                                  "estimatedvalue",
                                                  "estimatedclosedate",
                                                  "stage",
                                                  "cosell_sync",
                                                  "cosell_since",
                                                  "cosell_help",
                                                  "parentaccountid.name",
                                                  "transactioncurrencyid.isocurrencycode",
                                                  "ownerid.fullname",
                                                  "ownerid.internalemailaddress"};

inline Result<Page> pull_once(TestOrg& org, const Cursor& cursor, const std::vector<std::string>& columns = kColumns) {
  Call call = org.call();
  PullRequest request;
  request.cursor = cursor;
  request.columns = columns;
  return org.connector->pull(call, request);
}

inline std::string kind_of_pull(TestOrg& org, const Cursor& cursor,
                                const std::vector<std::string>& columns = kColumns) {
  const auto page = pull_once(org, cursor, columns);
  return page ? std::string("accepted") : std::string(name_of(page.error().kind));
}

// An organisation that does not take this question, in a batch as well.
inline std::function<void(http::Request&)> refuse_what_is_secured_of(const std::string& table) {
  return [table](http::Request& request) {
    const std::string question =
        "EntityDefinitions(LogicalName='" + table + "')/Attributes?$select=LogicalName,MetadataId&$filter=IsSecured";
    for (std::string* text : {&request.url, &request.body}) {
      *text = text::replace_all(*text, question + "%20eq%20true", question + "%20eq");
    }
  };
}

}  // namespace cosell::test

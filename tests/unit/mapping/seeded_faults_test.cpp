// Generated mappings without a fault have no finding; with one seeded fault of any kind the checker names it in its
// line.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "mapping/inspect.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

using Entry = std::pair<std::string, std::string>;  // key, value

// A mapping as sections of one entry a line, so that the line of every entry is known.
class Document {
 public:
  explicit Document(std::uint32_t seed) : random_(seed) {
    stages();
    fields();
    top_ = {
        {"extends", "\"salesforce\""}, {"title", "\"Generated\""}, {"referrals", R"({ "create_in_crm": "inbound" })"}};
    sections_["bridge"] = {{"state", "\"My_State__c\""}, {"link", "\"My_Link__c\""}};
    sections_["customer"] = {{"none", one_of({"\"create\"", "\"wait\""})}};
    sections_["matching"] = {{"sure", one_of({"80", "90", "101"})}, {"doubtful", one_of({"50", "60"})}};
  }

  // Adds or replaces an entry, anywhere in its section; "" is the top.
  void put(const std::string& section, const std::string& key, const std::string& value) {
    auto& entries = section.empty() ? top_ : sections_[section];
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.first == key; });
    if (same != entries.end()) {
      same->second = value;
    } else {
      entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(below(entries.size() + 1)), {key, value});
    }
  }
  void append(const std::string& section, const std::string& key, const std::string& value) {
    sections_[section].emplace_back(key, value);
  }
  void erase(const std::string& section, const std::function<bool(const Entry&)>& which) {
    std::erase_if(sections_[section], which);
  }
  const std::vector<Entry>& entries(const std::string& section) { return sections_[section]; }

  std::string text() {
    lines_.clear();
    std::string out;
    line_ = 1;
    const auto add = [&](const std::string& s) {
      out += s + "\n";
      ++line_;
    };
    const auto list = [&](const std::string& name, const std::vector<Entry>& entries, bool more) {
      for (std::size_t i = 0; i < entries.size(); ++i) {
        lines_[name + "/" + entries[i].first] = line_;
        add("\"" + entries[i].first + "\": " + entries[i].second + (more || i + 1 < entries.size() ? "," : ""));
      }
    };
    const auto section = [&](const std::string& name, bool last) {
      lines_[name] = line_;
      add("\"" + name + "\": {");
      list(name, sections_[name], false);
      add(last ? "}" : "},");
    };
    add("{");
    list("", top_, true);
    lines_["stages"] = line_;
    add("\"stages\": {");
    list("stages", sections_["stages"], true);
    section("map", false);
    section("write_back", true);
    add("},");
    for (const char* name : {"fields", "bridge", "customer"}) section(name, false);
    section("matching", true);
    add("}");
    return out;
  }

  std::uint32_t line_of(const std::string& place) const { return lines_.at(place); }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string one_of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }

  void stages() {
    sections_["stages"] = {{"backward", one_of({"\"hold\"", "\"follow\"", "\"ignore\""})}};
    for (const char* target : {"10", "20", "40", "60", "80", "won", "lost", "waiting"}) {
      std::string means = target[0] <= '9' ? target : "\"" + std::string(target) + "\"";
      if (means == "\"lost\"") means = R"({ "closed": "lost", "reason": { "column": "Why__c" } })";
      const std::size_t count = 2 + below(3);
      for (std::size_t i = 0; i < count; ++i) put("map", "S" + std::string(target) + " " + std::to_string(i), means);
      put("write_back", target, "\"S" + std::string(target) + " " + std::to_string(below(count)) + "\"");
    }
  }

  void fields() {
    put("fields", "location", R"({ "constant": "1234567" })");
    put("fields", "consent_contact", R"({ "statement": "s", "signed_by": "n", "date": "2026-01-31" })");
    put("fields", "notes", R"({ "default": "{Name}" })");
    if (below(2) == 0) put("fields", "campaign", R"({ "column": "C__c", "values": { "Spring": "S1" } })");
    if (below(2) == 0) put("fields", "close_date", R"({ "default": "today + 90d" })");
    if (below(2) == 0) put("fields", "name", R"({ "strip_marks": true, "max_length": 80 })");
    if (below(2) == 0) put("fields", "value", R"({ "currency": "EUR" })");
  }

  std::mt19937 random_;
  std::uint32_t line_ = 1;
  std::vector<Entry> top_;
  std::map<std::string, std::vector<Entry>> sections_;
  std::map<std::string, std::uint32_t> lines_;
};

// Where the fault was put: the place whose line the finding must name.
struct Fault {
  const char* code;
  std::function<std::string(Document&)> seed;
};

Fault entry(const char* code, const std::string& section, const std::string& key, const std::string& value) {
  return {code, [=](Document& d) {
            d.put(section, key, value);
            return section + "/" + key;
          }};
}
// A fault that shows at the opening of its section.
Fault in_section(const char* code, const std::string& section, const std::string& key, const std::string& value) {
  return {code, [=](Document& d) {
            d.put(section, key, value);
            return section;
          }};
}

std::vector<Fault> faults() {
  std::vector<Fault> all = {
      // keys, types and words
      entry("unknown-key", "", "stagse", "{}"),
      entry("wrong-type", "", "select", "5"),
      entry("bad-value", "", "select", "\"al\""),
      entry("wrong-type", "", "new_opportunity", R"({ "A": [] })"),
      entry("unknown-key", "", "owner", R"({ "nwe": "005" })"),
      entry("bad-value", "", "referrals", R"({ "create_in_crm": "some" })"),
      entry("extends-not-found", "", "extends", "\"salesfroce\""),
      entry("cyclic-extends", "", "extends", "\"acme.jsonc\""),
      entry("bad-value", "stages", "backward", "\"back\""),
      entry("bad-value", "stages", "column", "\"\""),
      entry("bad-value", "customer", "none", "\"perhaps\""),
      entry("bad-value", "customer", "match", "[\"town\"]"),
      entry("unknown-key", "bridge", "status", "\"A\""),
      entry("unknown-field", "fields", "nmae", "\"Name\""),
      entry("unknown-key", "fields", "notes", R"({ "colunm": "A" })"),
      entry("wrong-type", "fields", "notes", "5"),
      entry("bad-value", "fields", "help", R"({ "values": { "x": "Demo" } })"),
      entry("bad-value", "fields", "marketplace_intent", R"({ "constant": "Maybe" })"),
      entry("bad-value", "fields", "name", R"({ "max_length": 0 })"),
      entry("bad-value", "fields", "team", "[]"),
      entry("missing-key", "fields", "consent_contact", R"({ "statement": "s" })"),
      entry("bad-value", "matching", "sure", "0"),
      entry("wrong-type", "matching", "name", "40.5"),
      // stages
      entry("unknown-stage", "map", "Zz", "45"),
      entry("bad-value", "map", "Zz", "\"wonn\""),
      entry("missing-key", "map", "Zz", "{}"),
      entry("unknown-stage", "write_back", "60", "\"Nowhere\""),
      entry("no-round-trip", "write_back", "60", "\"Swon 0\""),
      entry("no-round-trip", "write_back", "declined", "\"S10 0\""),
      entry("unknown-key", "write_back", "70", "\"S60 0\""),
      entry("no-stages", "stages", "by", R"({ "column": "R", "tables": {} })"),
      entry("no-source", "stages", "by", R"({ "tables": { "a": {} } })"),
      entry("unknown-record-type", "stages", "by", R"({ "column": "R", "new": "b", "tables": { "a": {} } })"),
      entry("unknown-stage", "stages", "by",
            R"({ "column": "R", "tables": { "a": { "write_back": { "60": "Zz" } } } })"),
      // fields
      entry("two-sources", "fields", "notes", R"({ "column": "A", "constant": "x" })"),
      entry("two-sources", "fields", "team", R"([ { "name": "A", "first": "B" } ])"),
      entry("no-source", "fields", "location", R"({ "required": true })"),
      entry("bad-date", "fields", "consent_contact", R"({ "statement": "s", "signed_by": "n", "date": "2026-02-30" })"),
      entry("bad-default", "fields", "close_date", R"({ "default": "tomorrow" })"),
      entry("bad-default", "fields", "value", R"({ "default": "much" })"),
      entry("unknown-currency", "fields", "value", R"({ "currency": "EURO" })"),
      entry("unknown-country", "fields", "customer", R"({ "country": { "column": "C", "else": "Atlantis" } })"),
      entry("not-writable", "fields", "name", R"({ "column": "Account.Name", "direction": "both" })"),
      entry("not-writable", "fields", "name", R"({ "join": ["A", "B"], "direction": "both" })"),
      entry("not-writable", "fields", "team", R"({ "direction": "to_crm" })"),
      entry("rule-not-possible", "fields", "notes", R"({ "conflict": "furthest_stage" })"),
      entry("ambiguous-value", "fields", "campaign", R"({ "column": "A", "values": { "x": "1", "y": "1" } })"),
      entry("shared-column", "fields", "campaign", "\"Name\""),
      entry("shared-column", "bridge", "message", "\"StageName\""),
      // parts that do not fit together
      in_section("no-key", "bridge", "referral_id", "null"),
      in_section("bad-weights", "matching", "name", "50"),
      in_section("never-complete", "fields", "value", "null"),
  };
  all.push_back({"duplicate-stage", [](Document& d) {
                   const std::string again = d.entries("map").front().first + " ";
                   d.append("map", again, "10");
                   return "map/" + again;
                 }});
  all.push_back({"bad-threshold", [](Document& d) {
                   d.put("matching", "sure", "80");
                   d.put("matching", "doubtful", "81");
                   return "matching";
                 }});
  all.push_back({"no-source", [](Document& d) {
                   d.put("customer", "match", "[\"name\", \"city\"]");
                   d.put("customer", "record", R"({ "city": null })");
                   return "customer";
                 }});
  all.push_back({"ambiguous-write-back", [](Document& d) {
                   d.erase("write_back", [](const Entry& e) { return e.first == "60"; });
                   bool first = true;
                   std::string second;
                   for (const Entry& e : d.entries("map")) {
                     if (e.second != "60") continue;
                     if (!first && second.empty()) second = e.first;
                     first = false;
                   }
                   return "map/" + second;
                 }});
  all.push_back(entry("no-reason", "map", "Gone", "\"declined\""));
  for (const char* target : {"20", "\"waiting\""}) {
    const bool waiting = target[0] == '"';
    all.push_back({waiting ? "no-waiting-stage" : "no-write-back", [=](Document& d) {
                     d.erase("map", [&](const Entry& e) { return e.second == target; });
                     d.erase("write_back", [&](const Entry& e) { return e.first == (waiting ? "waiting" : "20"); });
                     return "stages";
                   }});
  }
  return all;
}

TEST(SeededFaults, GeneratedMappingsWithoutOneHaveNoFinding) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(texts_of(read_text_as("acme.jsonc", Document(seed).text()).findings), "") << "seed " << seed;
  }
}

TEST(SeededFaults, AreNamedInTheirLine) {
  for (const Fault& fault : faults()) {
    for (std::uint32_t seed = 1; seed <= 5; ++seed) {
      Document document(seed);
      const std::string place = fault.seed(document);
      const std::string text = document.text();
      const Loaded loaded = read_text_as("acme.jsonc", text);
      const bool named = std::any_of(loaded.findings.begin(), loaded.findings.end(), [&](const FileFinding& f) {
        return f.code == fault.code && f.file == "acme.jsonc" && f.line == document.line_of(place);
      });
      EXPECT_TRUE(named) << fault.code << " in line " << document.line_of(place) << ", seed " << seed << ", found:\n"
                         << texts_of(loaded.findings) << text;
    }
  }
}

// What the CRM has, made to fit a generated mapping: its stages in the order of what they mean, and its columns.
struct Crm {
  std::vector<LiveStage> stages;
  std::vector<LiveColumn> columns;

  explicit Crm(const Mapping& mapping) {
    for (const std::string& target : all_targets()) {
      for (const StageLine& line : stage_lines(mapping)) {
        if (line.target != target) continue;
        stages.emplace_back();
        stages.back().id = line.crm_stage;
        stages.back().won = target == "won";
        stages.back().closed = target == "won" || target == "lost";
      }
    }
    std::set<std::string> names;
    for (const auto& list : {mapping.columns_read(), mapping.columns_written()}) names.insert(list.begin(), list.end());
    for (const std::string& name : names) columns.push_back({name});
  }
  LiveStage& stage(const std::string& id) {
    return *std::find_if(stages.begin(), stages.end(), [&](const LiveStage& s) { return s.id == id; });
  }
  LiveColumn& column(const std::string& name) {
    return *std::find_if(columns.begin(), columns.end(), [&](const LiveColumn& c) { return c.name == name; });
  }
};

// A fault of the CRM or of what the mapping says about it. `document` may be changed before the CRM is made, the CRM
// after.
struct LiveFault {
  const char* code;
  std::string place;
  std::function<void(Document&)> before;
  std::function<void(Crm&)> after;
};

std::vector<LiveFault> live_faults() {
  const auto as_it_is = [](Document&) {};
  const auto with_values = [](Document& d) {
    d.put("fields", "campaign", R"({ "column": "C__c", "values": { "Spring": "S1", "Autumn": "S2" } })");
  };
  const auto with_types = [](Document& d) {
    d.put("stages", "by", R"({ "column": "R", "tables": { "Services": { "add": { "Scoping": 20 } } } })");
  };
  return {
      {"stage-not-live", "map/S40 1", as_it_is,
       [](Crm& c) { std::erase_if(c.stages, [](const LiveStage& s) { return s.id == "S40 1"; }); }},
      {"stage-not-mapped", "stages", as_it_is,
       [](Crm& c) {
         c.stages.insert(c.stages.begin(), LiveStage{"New", "New"});
       }},
      {"stage-inactive", "map/S60 0", [](Document& d) { d.put("write_back", "60", "\"S60 0\""); },
       [](Crm& c) { c.stage("S60 0").active = false; }},
      {"outcome-differs", "map/Swon 0", as_it_is, [](Crm& c) { c.stage("Swon 0").won = false; }},
      {"outcome-differs", "map/S20 0", as_it_is, [](Crm& c) { c.stage("S20 0").closed = true; }},
      {"outcome-differs", "map/Swon 0", as_it_is,
       [](Crm& c) {
         c.stage("Swon 0").won = false;
         c.stage("Swon 0").closed = false;
       }},
      {"percent-falls", "map/S20 0", as_it_is,
       [](Crm& c) {
         LiveStage moved = c.stage("S20 0");
         std::erase_if(c.stages, [](const LiveStage& s) { return s.id == "S20 0"; });
         c.stages.push_back(moved);
       }},
      {"record-type-not-live", "stages/by", with_types,
       [](Crm& c) {
         for (LiveStage& s : c.stages) s.record_types = {"Licences"};
       }},
      {"stage-not-offered", "map/S80 0",
       [=](Document& d) {
         with_types(d);
         d.put("write_back", "80", "\"S80 0\"");
       },
       [](Crm& c) {
         for (LiveStage& s : c.stages) s.record_types = {"Licences", "Services"};
         c.stage("S80 0").record_types = {"Services"};
       }},
      {"column-missing", "bridge/state", as_it_is,
       [](Crm& c) { std::erase_if(c.columns, [](const LiveColumn& l) { return l.name == "My_State__c"; }); }},
      {"column-not-writable", "bridge/link", as_it_is, [](Crm& c) { c.column("My_Link__c").writable = false; }},
      {"column-too-short", "bridge/referral_id", [](Document& d) { d.put("bridge", "referral_id", "\"My_Key__c\""); },
       [](Crm& c) { c.column("My_Key__c").length = 18; }},
      {"column-type", "fields/close_date", [](Document& d) { d.put("fields", "close_date", "\"Due__c\""); },
       [](Crm& c) { c.column("Due__c").type = "boolean"; }},
      {"value-not-live", "fields/campaign", with_values,
       [](Crm& c) {
         c.column("C__c").values = {"Spring", "Fall"};
       }},
      {"value-not-mapped", "fields/campaign", with_values,
       [](Crm& c) {
         c.column("C__c").values = {"Spring", "Autumn", "Winter"};
       }},
  };
}

TEST(SeededFaults, OfTheCrmAreNamedInTheLineOfTheMapping) {
  for (const LiveFault& fault : live_faults()) {
    for (std::uint32_t seed = 1; seed <= 5; ++seed) {
      Document document(seed);
      fault.before(document);
      const Mapping mapping = mapping_from(document.text());
      Crm crm(mapping);
      const auto named = [&] {
        const auto findings = check_against_live(mapping, crm.stages, crm.columns);
        return std::any_of(findings.begin(), findings.end(), [&](const FileFinding& f) {
          return f.code == fault.code && f.file == "acme.jsonc" && f.line == document.line_of(fault.place);
        });
      };
      EXPECT_FALSE(named()) << fault.code << " is found without the fault, seed " << seed;
      fault.after(crm);
      EXPECT_TRUE(named()) << fault.code << " in line " << document.line_of(fault.place) << ", seed " << seed
                           << ", found:\n"
                           << texts_of(check_against_live(mapping, crm.stages, crm.columns)) << document.text();
    }
  }
}

TEST(SeededFaults, ACrmThatFitsHasNone) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    const Mapping mapping = mapping_from(Document(seed).text());
    const Crm crm(mapping);
    EXPECT_EQ(texts_of(check_against_live(mapping, crm.stages, crm.columns)), "") << "seed " << seed;
  }
}

TEST(SeededFaults, AreOfManyKinds) {
  std::set<std::string> codes;
  for (const Fault& fault : faults()) codes.insert(fault.code);
  EXPECT_GE(codes.size(), 29U);
  EXPECT_GE(faults().size(), 50U);
  for (const LiveFault& fault : live_faults()) codes.insert(fault.code);
  EXPECT_GE(codes.size(), 42U);
}

// What spoils a file as a whole.
TEST(SeededFaults, InTheTextItselfAreNamedInTheirLine) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    const std::string text = Document(seed).text();
    const auto spoilt_at = [&](const std::string& key, const std::string& line) {
      const std::size_t at = text.find("\"" + key + "\"");
      return std::make_pair(text.substr(0, at) + line + text.substr(at),
                            static_cast<std::uint32_t>(
                                std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1));
    };
    for (const auto& [code, line] :
         std::vector<Entry>{{"not-json", "oops\n"}, {"not-json", ",\n"}, {"invalid-utf8", "\"a\xff\": 1,\n"}}) {
      const auto spoilt = spoilt_at("location", line);
      EXPECT_EQ(findings_of(read_text_as("acme.jsonc", spoilt.first)).find(std::to_string(spoilt.second) + ":"), 0U)
          << code << " " << findings_of(read_text_as("acme.jsonc", spoilt.first)) << " in line " << spoilt.second;
      EXPECT_NE(findings_of(read_text_as("acme.jsonc", spoilt.first)).find(code), std::string::npos);
    }
    const auto twice = spoilt_at("consent_contact", "\"consent_contact\": \"C\",\n");
    EXPECT_EQ(findings_of(read_text_as("acme.jsonc", twice.first)),
              std::to_string(twice.second + 1) + ":1 duplicate-key");
  }
}

}  // namespace
}  // namespace cosell::mapping

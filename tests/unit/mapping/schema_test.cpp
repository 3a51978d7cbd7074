// The schema that editors use and the program's own shape check must say the same about every file. The judge beside
// the program is valijson, which shares no code with it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "mapping/shape.h"
#include "mapping/shipped.h"
#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

bool program_accepts(const json::Value& file) {
  Findings findings;
  findings.add_file("test");
  check_shape(tree_from(file, 0), findings);
  return !findings.any_error();
}

class Editor {
 public:
  Editor() {
    const auto document = nlohmann::json::parse(mapping_schema());
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema_);
  }
  bool accepts(const json::Value& file) const {
    const auto document = nlohmann::json::parse(json::write(file));
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
  }

 private:
  valijson::Schema schema_;
};

json::Value read(const std::string& text) {
  json::ReadOptions options;
  options.comments = true;
  auto value = json::read(text, options);
  EXPECT_TRUE(value.has_value()) << text;
  return value ? *value : json::Value();
}

// Every way to spoil one node of `file`, each as a whole file.
class Spoiler {
 public:
  explicit Spoiler(json::Value file) : root_(std::move(file)) {}

  std::vector<json::Value> all() {
    walk(root_, [](json::Value v) { return v; });
    return std::move(out_);
  }

 private:
  using Rebuild = std::function<json::Value(json::Value)>;

  void walk(const json::Value& node, const Rebuild& rebuild) {
    for (const char* text : {"5", "40", "40.5", "\"text\"", "\"\"", "\"lost\"", "true", "null", "[]", "{}", "[\"a\"]",
                             "[5]", "{\"column\":\"A\"}", "{\"closed\":\"won\"}", "{\"column\":\"A\",\"values\":{}}"}) {
      out_.push_back(rebuild(read(text)));
    }
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      walk(node.items()[i], [&](json::Value v) { return rebuild(with_item(node, i, std::move(v))); });
    }
    for (std::size_t i = 0; i < node.members().size(); ++i) {
      const std::string& key = node.members()[i].key;
      out_.push_back(rebuild(renamed(node, i, key + "x")));
      out_.push_back(rebuild(renamed(node, i, "")));
      walk(node.members()[i].value, [&](json::Value v) {
        json::Value copy = node;
        copy.set(key, std::move(v));
        return rebuild(std::move(copy));
      });
    }
  }

  static json::Value with_item(const json::Value& list, std::size_t at, json::Value v) {
    json::Value copy = json::Value::array();
    for (std::size_t i = 0; i < list.items().size(); ++i) copy.append(i == at ? v : list.items()[i]);
    return copy;
  }

  // Under another name, or left out when the name is empty.
  static json::Value renamed(const json::Value& object, std::size_t at, const std::string& name) {
    json::Value copy = json::Value::object();
    for (std::size_t i = 0; i < object.members().size(); ++i) {
      const json::Member& m = object.members()[i];
      if (i != at) {
        copy.set(m.key, m.value);
      } else if (!name.empty()) {
        copy.set(name, m.value);
      }
    }
    return copy;
  }

  json::Value root_;
  std::vector<json::Value> out_;
};

void expect_agreement(const json::Value& file, const Editor& editor, int& refused) {
  const bool accepted = program_accepts(file);
  refused += accepted ? 0 : 1;
  EXPECT_EQ(accepted, editor.accepts(file)) << json::write(file);
}

TEST(MappingSchema, AgreesWithTheProgramOnEverySpoiltShippedFile) {
  const Editor editor;
  int refused = 0;
  std::size_t files = 0;
  for (const char* path : {"mappings/salesforce.jsonc", "tests/fixtures/mapping/everything.jsonc"}) {
    const json::Value file = read(file_text(path));
    EXPECT_TRUE(program_accepts(file)) << path;
    EXPECT_TRUE(editor.accepts(file)) << path;
    for (const json::Value& spoilt : Spoiler(file).all()) {
      expect_agreement(spoilt, editor, refused);
      ++files;
    }
  }
  EXPECT_GT(files, 4000U);
  EXPECT_GT(refused, 2000);
}

// Faults that no schema can see; read_mapping finds them (reader_test.cpp).
TEST(MappingSchema, LeavesWhatOnlyAWholeMappingShowsToTheProgram) {
  const Editor editor;
  for (const char* text : {
           R"({"extends": "nowhere"})",
           R"({"stages": {"map": {"A": 40}, "write_back": {"40": "B"}}})",
           R"({"fields": {"close_date": {"column": "D", "default": "tomorrow"}}})",
           R"({"fields": {"value": {"column": "A", "currency": "XYZ"}}})",
           R"({"fields": {"notes": {"column": "A", "constant": "B"}}})",
           R"({"fields": {"team": {"direction": "both", "people": [{"name": "N"}]}}})",
       }) {
    EXPECT_TRUE(editor.accepts(read(text))) << text;
    EXPECT_TRUE(program_accepts(read(text))) << text;
    EXPECT_FALSE(read_text_as("acme.jsonc", text).mapping.has_value()) << text;
  }
}

}  // namespace
}  // namespace cosell::mapping

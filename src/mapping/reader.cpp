// Reads a mapping file and what it extends: text, shape, merge, then the parts. The parts with rules of their own
// (stages, fields) are read in their own files.
#include <algorithm>

#include "base/text.h"
#include "mapping/data.h"
#include "mapping/match.h"
#include "mapping/shape.h"
#include "mapping/shipped.h"

namespace cosell::mapping {
namespace {

constexpr std::size_t kMaxBytes = 4U << 20;
constexpr std::size_t kMaxChain = 16;

template <class Enum, std::size_t N>
Enum one_of(const std::array<Enum, N>& all, const std::string& name, Enum usual) {
  for (const Enum e : all) {
    if (name == name_of(e)) return e;
  }
  return usual;
}

Value scalar_value(const Node& node) {
  if (node.kind == json::Kind::boolean) return Value(node.flag);
  if (node.kind == json::Kind::number) {
    const auto number = parse_number(node.text);
    if (number) return Value(*number);
  }
  return Value(node.text);
}

// What a base leaves open for the company: nothing can be created without these.
struct Needed {
  Field field;
  const char* example;
};
constexpr std::array<Needed, 10> kNeeded = {{
    {Field::name, "\"name\": \"Name\""},
    {Field::customer, "\"customer\": { \"name\": \"Account.Name\", … }"},
    {Field::location, "\"location\": { \"constant\": \"your PartnerID\" }"},
    {Field::value, "\"value\": { \"column\": \"Amount\", \"currency\": \"EUR\" }"},
    {Field::close_date, "\"close_date\": \"CloseDate\""},
    {Field::notes, "\"notes\": \"Cosell_Notes__c\""},
    {Field::team, "\"team\": [ { \"name\": \"Owner.Name\", \"phone\": …, \"email\": … } ]"},
    {Field::solutions, "\"solutions\": { \"constant\": [\"SOL-…\"] }"},
    {Field::marketplace_intent, "\"marketplace_intent\": { \"constant\": \"HaveNotDecided\" }"},
    {Field::consent_contact,
     "\"consent_contact\": { \"statement\": \"…\", \"signed_by\": \"…\", \"date\": \"2026-01-31\" }"},
}};

}  // namespace

class MappingReader {
 public:
  MappingReader(const std::string& file_name, const LoadText& load) : load_(load) {
    data_ = std::make_unique<Mapping::Data>();
    names_.push_back(file_name);
  }

  Loaded read(const std::string& text) {
    const auto tree = whole_tree(names_.front(), text);
    if (tree && !findings_.any_error()) parts(*tree);
    Loaded loaded;
    loaded.findings = findings_.in_file_order();
    if (findings_.any_error() || !tree) return loaded;
    data_->hash = text::sha256_hex(data_->text);
    data_->files = findings_.names_only();
    Mapping mapping;
    mapping.data_ = std::move(data_);
    loaded.mapping = std::move(mapping);
    return loaded;
  }

 private:
  // --- text and extends

  std::optional<Node> whole_tree(const std::string& name, const std::string& text) {
    const std::uint32_t file = findings_.add_file(name);
    data_->text += "// " + kept_name(name) + "\n" + text + (text::ends_with(text, "\n") ? "" : "\n");
    auto own = parse(file, text);
    if (!own) return std::nullopt;
    check_shape(*own, findings_);
    const Node* extends = own->find("extends");
    if (extends == nullptr || !extends->is_text()) return completed(*own);
    const auto base_text = text_of_base(*extends);
    if (!base_text) return std::nullopt;
    names_.push_back(extends->text);
    const auto base = whole_tree(extends->text, *base_text);
    if (!base) return std::nullopt;
    return merged(*base, *own);
  }

  // A mapping that lies in another folder is the same mapping. What it extends is named as it names it.
  std::string kept_name(const std::string& name) const {
    return names_.size() > 1 ? name : name.substr(name.rfind('/') + 1);
  }

  std::optional<Node> parse(std::uint32_t file, const std::string& text) {
    if (text.size() > kMaxBytes) {
      findings_.error({file, 1, 1}, "too-large", "the file is larger than 4 MB",
                      "split it, or check that it is a mapping");
      return std::nullopt;
    }
    json::ReadOptions options;
    options.comments = true;
    options.max_bytes = kMaxBytes;
    auto value = json::read(text, options);
    if (value) return tree_from(*value, file);
    const json::ReadError& e = value.error();
    const char* code = "not-json";
    if (!text::is_valid_utf8(text)) code = "invalid-utf8";
    if (text::starts_with(e.message, "duplicate key")) code = "duplicate-key";
    const bool said = e.message.find("save it as UTF-8") != std::string::npos;
    findings_.error({file, std::max(e.at.line, 1U), std::max(e.at.column, 1U)}, code, e.message,
                    said || std::string_view(code) != "invalid-utf8" ? "" : "save the file as UTF-8");
    return std::nullopt;
  }

  std::optional<std::string> text_of_base(const Node& extends) {
    const std::string& name = extends.text;
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
      findings_.error(extends.at, "cyclic-extends",
                      "\"" + name + "\" extends itself: " + text::join(names_, " -> ") + " -> " + name,
                      "remove one of these \"extends\"");
      return std::nullopt;
    }
    if (names_.size() >= kMaxChain) {
      findings_.error(extends.at, "cyclic-extends",
                      "more than " + std::to_string(kMaxChain) + " files extend each other",
                      "extend one base directly");
      return std::nullopt;
    }
    const std::string_view shipped = shipped_mapping(name);
    if (!shipped.empty()) return std::string(shipped);
    std::string why = "there is no such shipped mapping";
    if (load_) {
      auto loaded = load_(name);
      if (loaded) return *std::move(loaded);
      why = loaded.error().message;
    }
    std::string remedy = did_you_mean(name, shipped_names());
    if (remedy.empty())
      remedy = "shipped: " + text::join(shipped_names(), ", ") + "; or the name of a file beside this one";
    findings_.error(extends.at, "extends-not-found", "cannot read \"" + name + "\": " + why, std::move(remedy));
    return std::nullopt;
  }

  // --- parts

  void parts(const Node& tree) {
    select(tree);
    referrals(tree.find("referrals"));
    stages(tree);
    fields(tree);
    customer(tree.find("customer"));
    owner(tree.find("owner"));
    matching(tree.find("matching"));
    if (const Node* constants = tree.find("new_opportunity")) {
      for (const Node& c : constants->children) {
        if (c.is_null()) continue;
        data_->new_opportunity[c.key] = scalar_value(c);
        name_column(c.key, c.key_at);
      }
    }
    bridge(tree);
    columns(tree);
    const Node* base = tree.find("base");
    if (base == nullptr || !base->flag) needed(tree);
  }

  void name_column(const std::string& column, Origin at) {
    if (!column.empty()) data_->column_at.emplace(column, at);
  }

  std::string column_in(const Node* node, const char* key) {
    const Node* found = node == nullptr ? nullptr : node->find(key);
    if (found == nullptr) return "";
    const Node* column = found->is_object() ? found->find("column") : found;
    if (column == nullptr) return "";
    name_column(column->text, column->at);
    return column->text;
  }

  void select(const Node& tree) {
    const Node* select = tree.find("select");
    if (select == nullptr) {
      return findings_.error(tree.at, "no-select", "the mapping does not say which opportunities take part",
                             "add \"select\": { \"column\": \"…\" }, or \"select\": \"all\"");
    }
    data_->select_all = select->is_text();
    if (data_->select_all) return;
    data_->select_column = column_in(select, "column");
    if (data_->select_column.empty()) {
      findings_.error(select->at, "no-source", "\"select\" names no column", "add \"column\": \"…\"");
    }
    const Node* value = select->find("value");
    if (value == nullptr) {
      data_->select_values.emplace_back(true);
    } else if (value->is_array()) {
      for (const Node& v : value->children) data_->select_values.push_back(scalar_value(v));
    } else {
      data_->select_values.push_back(scalar_value(*value));
    }
  }

  void referrals(const Node* referrals) {
    if (referrals == nullptr) return;
    constexpr std::array<CreateInCrm, 3> kCreate = {CreateInCrm::inbound, CreateInCrm::all, CreateInCrm::none};
    const auto name_of = [](CreateInCrm c) {
      return c == CreateInCrm::inbound ? "inbound" : c == CreateInCrm::all ? "all" : "none";
    };
    for (const CreateInCrm c : kCreate) {
      if (referrals->text_of("create_in_crm") == name_of(c)) data_->create_in_crm = c;
    }
    const Node* belongs = referrals->find("belongs");
    const Node* locations = belongs == nullptr ? nullptr : belongs->find("locations");
    if (locations == nullptr) return;
    for (const Node& location : locations->children) data_->locations.insert(text::trim(location.text));
  }

  void stages(const Node& tree) {
    const Node* stages = tree.find("stages");
    if (stages == nullptr) {
      return findings_.error(tree.at, "no-stages", "the mapping has no \"stages\"",
                             "add \"stages\": { \"column\": \"…\", \"map\": { … } }, or extend a shipped mapping");
    }
    data_->stages.read(tree, findings_);
    name_column(data_->stages.column(), data_->stages.column_at());
    name_column(data_->stages.record_type_column(), data_->stages.record_type_column_at());
    for (const StageTable* table : data_->stages.all()) {
      for (const StageMeaning& m : table->meanings()) {
        for (const std::string& column : m.reason.columns) name_column(column, m.reason.at);
      }
    }
    constexpr std::array<Backward, 3> kBackward = {Backward::hold, Backward::follow, Backward::ignore};
    data_->backward = one_of(kBackward, stages->text_of("backward"), Backward::hold);
    need_waiting(data_->stages.for_new());

    FieldRule rule;
    rule.conflict = ConflictRule::furthest_stage;
    rule.column = data_->stages.column();
    read_rule(*stages, rule);
    for (const Field f : {Field::standing, Field::stage}) {
      rule.field = f;
      data_->rules[static_cast<std::size_t>(f)] = rule;
    }
  }

  // Deals that Microsoft sends need a stage to wait in. Several that are not yet decided between are named already.
  void need_waiting(const StageTable& table) {
    const auto waits = [](const StageMeaning& m) { return m.kind == StageMeaning::Kind::waiting; };
    const bool any = std::any_of(table.meanings().begin(), table.meanings().end(), waits);
    if (any || table.empty() || data_->create_in_crm == CreateInCrm::none) return;
    findings_.warning(table.at(), "no-waiting-stage",
                      "no CRM stage means that Microsoft sent a deal and nobody answered yet; such deals will wait",
                      "map a stage to \"waiting\", or write \"create_in_crm\": \"none\" in \"referrals\"");
  }

  void matching(const Node* matching) {
    if (matching != nullptr) read_matching(*matching, data_->matching, findings_);
  }

  void fields(const Node& tree) {
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      FieldRule& rule = data_->rules[i];
      rule.field = static_cast<Field>(i);
      const bool set = rule.field == Field::standing || rule.field == Field::stage;
      if (!set) rule.direction = Direction::off;
    }
    // The engine fills in the record's id by itself.
    data_->rules[static_cast<std::size_t>(Field::crm_id)].direction = Direction::to_partner_center;
    data_->rules[static_cast<std::size_t>(Field::crm_id)].conflict = ConflictRule::crm;
    data_->plans = read_fields(tree.find("fields"), findings_);
    for (const FieldPlan& plan : data_->plans) {
      data_->rules[static_cast<std::size_t>(plan.rule.field)] = plan.rule;
      for (const std::string& column : plan.columns())
        name_column(column, plan.source.at.line ? plan.source.at : plan.at);
    }
  }

  void customer(const Node* customer) {
    data_->customer.match = {"name", "postal_code", "country"};
    if (customer == nullptr) return;
    data_->account_column = column_in(customer, "column");
    if (customer->text_of("none") == "wait") data_->customer.none = NoMatch::wait;
    if (const Node* match = customer->find("match")) {
      data_->customer.match.clear();
      for (const Node& part : match->children) data_->customer.match.push_back(part.text);
    }
    if (const Node* record = customer->find("record")) {
      for (const Node& part : record->children) {
        if (part.is_null()) continue;
        const bool name = part.is_object() && part.text_of("form") == "name";
        data_->record[part.key] = {part.is_object() ? part.text_of("column") : part.text, name, part.at};
      }
    }
    for (const std::string& part : data_->customer.match) {
      if (data_->record.contains(part)) continue;
      findings_.error(customer->at, "no-source",
                      "customers are matched by " + part + ", which has no column of the account",
                      "add it to \"record\", or take it out of \"match\"");
    }
  }

  void owner(const Node* owner) {
    if (owner == nullptr) return;
    data_->owner_name_column = column_in(owner, "name");
    data_->owner_email_column = column_in(owner, "email");
    data_->owner_column = column_in(owner, "column");
    const Node* fresh = owner->find("new");
    if (fresh == nullptr) return;
    NewOwner& owners = data_->new_owner;
    owners.at = fresh->at;
    owners.otherwise = fresh->is_text() ? fresh->text : fresh->text_of("else");
    if (owners.otherwise.empty()) owners.otherwise = fresh->text_of("email");
    if (const Node* team = fresh->find("team")) owners.team = team->flag;
    if (const Node* locations = fresh->find("locations")) {
      for (const Node& l : locations->children) owners.by_location[text::trim(l.key)] = l.text;
    }
    if (data_->owner_column.empty()) {
      findings_.error(fresh->at, "no-source", "\"owner\" names no column for the owner", "add \"column\": \"OwnerId\"");
    }
  }

  void bridge(const Node& tree) {
    if (const Node* bridge = tree.find("bridge")) {
      for (const Node& entry : bridge->children) {
        if (entry.is_null()) continue;
        data_->bridge[entry.key] = column_in(bridge, entry.key.c_str());
        bridge_at_[entry.key] = entry.at;
      }
    }
    const auto key = data_->bridge.find("referral_id");
    if (key != data_->bridge.end()) data_->key_column = key->second;
    if (!data_->key_column.empty()) return;
    const Node* bridge = tree.find("bridge");
    findings_.error(bridge == nullptr ? tree.at : bridge->at, "no-key",
                    "no column carries the referral id; the two sides could not be told apart after a failure",
                    "add \"bridge\": { \"referral_id\": \"…\" }");
  }

  // --- all columns

  struct Writer {
    std::string name;
    Origin at;
  };

  // Where a field names this column; its own place when it does so in a longer way.
  static Origin column_at(const Node& tree, const FieldPlan& plan, const char* key) {
    const Node* fields = tree.find("fields");
    const Node* field = fields == nullptr ? nullptr : fields->find(info(plan.rule.field).name);
    const Node* column = field == nullptr ? nullptr : field->find(key);
    return column == nullptr ? plan.at : column->at;
  }

  void columns(const Node& tree) {
    std::set<std::string> read;
    std::map<std::string, Writer> writers;  // by column
    Mapping::Data& d = *data_;
    const auto add = [&read](const std::string& column) {
      if (!column.empty()) read.insert(column);
    };
    const auto write = [&](const std::string& column, const std::string& writer, Origin at) {
      if (column.empty()) return;
      const auto [other, is_first] = writers.emplace(column, Writer{writer, at});
      if (is_first || other->second.name == writer) return;
      // The slip is in the company's own line, wherever the other one is.
      const bool own_is_other = findings_.is_shipped(at) && !findings_.is_shipped(other->second.at);
      findings_.error(own_is_other ? other->second.at : at, "shared-column",
                      column + " is written by both " + other->second.name + " and " + writer,
                      "give one of them a column of its own");
    };
    add(d.select_column);
    add(d.stages.column());
    write(d.stages.column(), "\"stages\"", d.stages.column_at());
    add(d.stages.record_type_column());
    for (const StageTable* table : d.stages.all()) {
      for (const StageMeaning& m : table->meanings()) {
        for (const std::string& column : m.reason.columns) add(column);
        if (m.kind != StageMeaning::Kind::closed || !m.reason.is_writable()) continue;
        if (table->is_written_back(m)) write(m.reason.columns.front(), "the reason of closed deals", m.reason.at);
      }
    }
    for (const FieldPlan& plan : d.plans) {
      for (const std::string& column : plan.columns()) add(column);
      const std::string writer = std::string("\"") + info(plan.rule.field).name + "\"";
      if (!is_written(plan)) continue;
      write(plan.source.columns.front(), writer, column_at(tree, plan, "column"));
      write(plan.currency_column, writer, column_at(tree, plan, "currency_column"));
    }
    for (const std::string& column : {d.owner_name_column, d.owner_email_column, d.account_column}) add(column);
    write(d.account_column, "\"customer\"", at_of(d.account_column));
    if (!d.new_owner.empty()) write(d.owner_column, "\"owner\"", at_of(d.owner_column));
    for (const auto& [name, column] : d.bridge) {
      add(column);
      write(column, "the bridge's \"" + name + "\"", bridge_at_[name]);
    }
    for (const auto& constant : d.new_opportunity) writers.emplace(constant.first, Writer{"\"new_opportunity\"", {}});
    if (!d.select_column.empty()) writers.emplace(d.select_column, Writer{"\"select\"", {}});
    d.read.assign(read.begin(), read.end());
    for (const auto& w : writers) d.written.push_back(w.first);
  }

  Origin at_of(const std::string& column) const {
    const auto found = data_->column_at.find(column);
    return found == data_->column_at.end() ? Origin{} : found->second;
  }

  // New opportunities get name and close date whatever the direction: no CRM takes one without.
  static bool is_written(const FieldPlan& plan) {
    if (!plan.source.is_writable() || plan.rule.direction == Direction::off) return false;
    const bool at_creation = plan.rule.field == Field::name || plan.rule.field == Field::close_date;
    return at_creation || plan.rule.direction == Direction::both || plan.rule.direction == Direction::to_crm;
  }

  void needed(const Node& tree) {
    const Node* fields = tree.find("fields");
    for (const Needed& n : kNeeded) {
      const FieldPlan* plan = data_->plan(n.field);
      const bool off = plan != nullptr && plan->rule.direction == Direction::off;
      if (off || (plan != nullptr && !plan->sends_columns_at_creation() && !plan->fallback)) {
        findings_.warning(plan->at, "never-complete",
                          std::string("no referral can be created: the direction of \"") + info(n.field).name +
                              "\" keeps it out of new ones",
                          "write \"direction\": \"to_partner_center\", or \"both\"");
      }
      const bool blank = plan != nullptr && plan->source.constant && text::trim(*plan->source.constant).empty();
      if (blank && plan->solutions.empty() && !plan->fallback) {
        findings_.warning(plan->at, "never-complete",
                          std::string("no referral can be created: \"") + info(n.field).name + "\" is an empty text",
                          std::string("write ") + n.example);
      }
      if (plan != nullptr) continue;
      findings_.warning(fields == nullptr ? tree.at : fields->key_at, "never-complete",
                        std::string("no referral can be created: the mapping has no \"") + info(n.field).name + "\"",
                        std::string("add ") + n.example);
    }
  }

  const LoadText& load_;
  Findings findings_;
  std::vector<std::string> names_;  // the chain of extends
  std::map<std::string, Origin> bridge_at_;
  std::unique_ptr<Mapping::Data> data_;
};

Loaded read_mapping(const std::string& file_name, const std::string& text, const LoadText& load) {
  return MappingReader(file_name, load).read(text);
}

}  // namespace cosell::mapping

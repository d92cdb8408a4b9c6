// Harness of co-simulation: drives the accelerator's core with events, and records its taps, results and counters.
//
// Arguments: classes, lanes of every layer separated by commas [, waveform file].
// Standard input holds requests, in 32-bit words of this machine. Each starts with a tag.
//   IMAGE   number of events, most cycles, gap, hold, seed (see pace.rs), events
//   LOAD    memory, bytes per word, words, then each byte
//   EXITS   1 if inferences may exit early
// Standard output holds records in the same format. Each starts with a tag.
//   TAP     layer, event, lower and upper half of its mask
//   SWEPT   layer and flags, then the word of each lane
//   RESULT  cycles, active cycles, cycles that the design counts as idle although a tap shows an event or a word, steps,
//           potentials[classes], then per layer spikes in, spikes out, busy and stalled cycles, cycles without a word
//           within sweeps
//   CLEARED
//   HUNG    cycles
#include "Vdesign.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unistd.h>
#include <type_traits>
#include <vector>

namespace {

enum Request : uint32_t { IMAGE = 1, LOAD = 2, EXITS = 3 };
enum Tag : uint32_t { TAP = 1, RESULT = 2, HUNG = 3, CLEARED = 4, SWEPT = 5 };
constexpr uint32_t LAST = 1 << 16, CLEARS = 1 << 17;
constexpr uint32_t KIND_MASK = 3, END_OF_STEP = 1, CLEAR = 2;

// Verilator gives a port the narrowest type that holds it. These functions read word `i` of any such type.
uint32_t word(uint64_t port, int i) { return static_cast<uint32_t>(port >> (32 * i)); }
template <std::size_t N> uint32_t word(const VlWide<N>& port, int i) { return port[i]; }

bool bit(const auto& port, int i) { return word(port, i / 32) >> (i % 32) & 1; }

void set(auto& port, int i, bool value) {
    using Port = std::remove_reference_t<decltype(port)>;
    if constexpr (std::is_integral_v<Port>) {
        const Port mask = static_cast<Port>(Port{1} << i);
        port = static_cast<Port>(value ? port | mask : port & ~mask);
    } else {
        port[i / 32] = (port[i / 32] & ~(1u << (i % 32))) | static_cast<uint32_t>(value) << (i % 32);
    }
}

// File of the records. Messages of a model ($fatal) go to standard output, and must not come between records.
std::FILE* records = nullptr;

bool keep_standard_output() {
    const int copy = dup(STDOUT_FILENO);
    records = copy < 0 ? nullptr : fdopen(copy, "wb");
    return records != nullptr && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

void put(uint32_t value) {
    if (std::fwrite(&value, sizeof value, 1, records) != 1) std::exit(2);
}

bool get(uint32_t& value) { return std::fread(&value, sizeof value, 1, stdin) == 1; }

// SplitMix64, the same as in random.rs.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        uint64_t z = state_;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    uint32_t below(uint32_t bound) {
        return static_cast<uint32_t>(static_cast<unsigned __int128>(next()) * bound >> 64);
    }
    bool chance(uint32_t share) { return next() >> 56 < share; }

  private:
    uint64_t state_;
};

// Pace of the events, and of holds; see pace.rs.
struct Pace {
    uint32_t gap, hold, seed;
};

class Bench {
  public:
    Bench(int argc, char** argv) : classes_(std::atoi(argv[1])) {
        for (const char* list = argv[2]; *list;) {
            char* end;
            lanes_.push_back(static_cast<int>(std::strtol(list, &end, 10)));
            list = *end ? end + 1 : end;
        }
        layers_ = static_cast<int>(lanes_.size());
        hidden_ = layers_ - 1;
        output_lanes_ = lanes_.back();
        sweeping_.resize(layers_);
        stalled_.resize(layers_);
#if VM_TRACE
        if (argc > 3) {
            context_->traceEverOn(true);
            wave_ = std::make_unique<VerilatedVcdC>();
            design_->trace(wave_.get(), 99);
            wave_->open(argv[3]);
        }
#else
        (void)argc;
#endif
        design_->load_select = 0;
        design_->load_byte = 0;
        design_->load_shift = 0;
        design_->load_write = 0;
        design_->load_address = 0;
        design_->exit_enable = 0;
    }

    void exits(bool enable) { design_->exit_enable = enable; }

    // Loads a word as the command processor does: its bytes, lowest first, then the write.
    void load(uint32_t memory, uint32_t address, const std::vector<uint32_t>& bytes) {
        design_->load_select = memory;
        design_->load_shift = 1;
        for (uint32_t byte : bytes) {
            design_->load_byte = byte;
            tick();
        }
        design_->load_shift = 0;
        design_->load_write = 1;
        design_->load_address = address;
        tick();
        design_->load_write = 0;
    }

    bool image(const std::vector<uint32_t>& events, uint64_t limit, Pace pace) {
        pace_ = pace;
        random_ = Random(pace.seed);
        held_.assign(is_throttled(*design_) ? layers_ : 0, 0);
        end_ = cycles_ + limit;
        sweeping_.assign(layers_, false);
        stalled_.assign(layers_, 0);
        idle_ = 0;
        uint32_t steps = 0;
        for (uint32_t event : events) steps += (event & KIND_MASK) == END_OF_STEP;
        const uint64_t start = cycles_;
        if (!feed(events, [&] { return design_->steps_done == steps && !design_->exit_busy; })) return false;
        const uint64_t spent = cycles_ - start;
        // The output layer reports the last step one cycle before the counters are final.
        settle(8);
        const uint32_t active = design_->active_cycles;
        std::vector<uint32_t> potentials(classes_);
        for (int c = 0; c < classes_; ++c) {
            design_->readout_group = c / output_lanes_;
            design_->readout_lane = c % output_lanes_;
            tick();
            potentials[c] = design_->readout_data;
        }
        put(RESULT);
        put(static_cast<uint32_t>(spent));
        put(active);
        put(idle_);
        put(design_->steps_done);
        for (uint32_t potential : potentials) put(potential);
        for (int l = 0; l < layers_; ++l) {
            put(word(design_->spikes_in, l));
            put(word(design_->spikes_out, l));
            put(word(design_->busy_cycles, l));
            put(word(design_->stalled_cycles, l));
            put(stalled_[l]);
        }
        const uint32_t clears = (design_->clears_done + 1) & 0xff;
        if (!feed({CLEAR}, [&] { return design_->clears_done == clears; })) return false;
        put(CLEARED);
        return true;
    }

    ~Bench() {
#if VM_TRACE
        if (wave_) wave_->close();
#endif
        design_->final();
    }

  private:
    template <typename Done> bool feed(const std::vector<uint32_t>& events, Done done) {
        std::size_t next = 0;
        // After an early exit the core accepts no more events of the inference, until a clear.
        const auto exited = [&] { return design_->exited && !(events.size() == 1 && events[0] == CLEAR); };
        while (!(next == events.size() && done()) && !exited()) {
            design_->event_valid = pass() && next < events.size();
            if (next < events.size()) design_->event_data = events[next];
            design_->eval();
            const bool taken = design_->event_valid && design_->event_ready;
            tick();
            next += taken;
            if (cycles_ > end_) {
                put(HUNG);
                put(static_cast<uint32_t>(cycles_));
                return false;
            }
        }
        design_->event_valid = 0;
        throttle(*design_, [](int) { return false; });
        return true;
    }

    // Draws for the next cycle: holds streams, and returns whether an event is offered.
    bool pass() {
        const bool offered = !random_.chance(pace_.gap);
        for (uint32_t& left : held_) {
            if (left > 0) --left;
            else if (random_.chance(pace_.hold)) left = 1u << random_.below(6);
        }
        throttle(*design_, [&](int stream) { return held_[stream] > 0; });
        return offered;
    }

    // Only a design under stress has the port `throttle`.
    template <typename Design> static constexpr bool is_throttled(Design&) {
        return requires(Design& design) { design.throttle; };
    }
    template <typename Design, typename Held> void throttle(Design& design, Held held) {
        if constexpr (requires { design.throttle; })
            for (int stream = 0; stream < layers_; ++stream) set(design.throttle, stream, held(stream));
    }

    void settle(int cycles) {
        for (int i = 0; i < cycles; ++i) tick();
    }

    // Runs one cycle and records the taps. After an early exit layers may still work while the result is read.
    void tick() {
        design_->clock = 0;
        design_->eval();
        dump();
        bool tapped = false;
        for (int l = 0; l < hidden_; ++l) {
            if (bit(design_->tap_valid, l)) {
                tapped = true;
                put(TAP);
                put(l);
                put(word(design_->tap_data, l));
                put(word(design_->tap_mask, 2 * l));
                put(word(design_->tap_mask, 2 * l + 1));
            }
        }
        int first = 0;
        for (int l = 0; l < layers_; first += lanes_[l++]) {
            if (bit(design_->swept, l)) {
                tapped = true;
                const bool last = bit(design_->swept_last, l), clears = bit(design_->swept_clear, l);
                record_.assign({SWEPT, static_cast<uint32_t>(l) | (last ? LAST : 0) | (clears ? CLEARS : 0)});
                for (int lane = 0; lane < lanes_[l]; ++lane)
                    record_.push_back(word(design_->swept_data, first + lane));
                if (std::fwrite(record_.data(), sizeof record_[0], record_.size(), records) != record_.size())
                    std::exit(2);
                sweeping_[l] = !last && !clears;
            } else if (sweeping_[l]) {
                ++stalled_[l];
            }
        }
        const uint32_t active = design_->active_cycles;
        design_->clock = 1;
        design_->eval();
        idle_ += tapped && design_->active_cycles == active;
        dump();
        ++cycles_;
    }

    void dump() {
#if VM_TRACE
        if (wave_) wave_->dump(time_++);
#endif
    }

    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Vdesign> design_ = std::make_unique<Vdesign>(context_.get());
#if VM_TRACE
    std::unique_ptr<VerilatedVcdC> wave_;
    uint64_t time_ = 0;
#endif
    int classes_, hidden_, layers_, output_lanes_;
    std::vector<int> lanes_;
    Pace pace_{};
    Random random_{0};
    std::vector<uint32_t> held_;
    uint64_t end_ = 0;
    // Per layer: whether a sweep is in progress, and the cycles without a word within sweeps.
    std::vector<bool> sweeping_;
    std::vector<uint32_t> stalled_;
    std::vector<uint32_t> record_;
    uint32_t idle_ = 0;
    uint64_t cycles_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    if (!keep_standard_output()) return 2;
    Bench bench(argc, argv);
    uint32_t request;
    while (get(request)) {
        uint32_t enable, count, limit, memory, bytes, words;
        Pace pace;
        switch (request) {
        case IMAGE: {
            if (!get(count) || !get(limit) || !get(pace.gap) || !get(pace.hold) || !get(pace.seed)) return 2;
            std::vector<uint32_t> events(count);
            for (uint32_t& event : events)
                if (!get(event)) return 2;
            const bool done = bench.image(events, limit, pace);
            std::fflush(records);
            if (!done) return 0;
            break;
        }
        case LOAD: {
            if (!get(memory) || !get(bytes) || !get(words)) return 2;
            std::vector<uint32_t> word(bytes);
            for (uint32_t address = 0; address < words; ++address) {
                for (uint32_t& byte : word)
                    if (!get(byte)) return 2;
                bench.load(memory, address, word);
            }
            break;
        }
        case EXITS:
            if (!get(enable)) return 2;
            bench.exits(enable != 0);
            break;
        default:
            return 2;
        }
    }
    return std::fflush(records) == 0 ? 0 : 2;
}

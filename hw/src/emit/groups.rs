//! Checks of port groups (rust-hdl's `LogicInterface`) that rust-hdl does not make itself.
//!
//! rust-hdl finds logic loops by names, and does not know the names of ports inside a group. A `link` between a group and
//! that of a child connects them directly, without the child's signals. So rust-hdl accepts three faults without a word:
//!
//! * a kernel reads an output of a group before it assigns it: a loop or a latch;
//! * a kernel assigns an output that a `link` drives, too;
//! * a kernel uses a signal of the child that a `link` has replaced, which the Verilog does not declare.

use crate::error::{Error, Result};
use rust_hdl::core::ast::{VerilogExpression, VerilogLink};
use rust_hdl::prelude::*;
use std::collections::BTreeSet;

/// Checks the port groups of a circuit and of all circuits in it.
///
/// # Errors
/// [`Error::Design`] with the faults found.
pub(super) fn check(circuit: &dyn Block) -> Result<()> {
    let mut groups = Groups::default();
    circuit.accept("top", &mut groups);
    if groups.faults.is_empty() {
        return Ok(());
    }
    Err(Error::Design {
        report: groups.faults.join("; "),
    })
}

/// Ports in groups of the circuits from the outermost to the current one, and the faults found so far.
#[derive(Default)]
struct Groups {
    circuits: Vec<Ports>,
    path: Vec<String>,
    group: Vec<String>,
    faults: Vec<String>,
}

/// Names of a circuit's ports in groups, as kernels spell them.
#[derive(Default)]
struct Ports {
    all: BTreeSet<String>,
    outputs: BTreeSet<String>,
}

impl Probe for Groups {
    fn visit_start_scope(&mut self, name: &str, _: &dyn Block) {
        self.path.push(name.into());
        self.circuits.push(Ports::default());
    }

    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.group.push(name.into());
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        if let (false, Some(ports)) = (self.group.is_empty(), self.circuits.last_mut()) {
            let name = format!("{}${name}", self.group.join("$"));
            if signal.kind() == AtomKind::OutputParameter {
                ports.outputs.insert(name.clone());
            }
            ports.all.insert(name);
        }
    }

    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.group.pop();
    }

    fn visit_end_scope(&mut self, _: &str, circuit: &dyn Block) {
        let ports = self.circuits.pop().unwrap_or_default();
        if let (false, Verilog::Combinatorial(code)) = (ports.all.is_empty(), circuit.hdl()) {
            let mut links = Links::default();
            links.visit_block(&code);
            links.pairs.retain(|(own, _)| ports.all.contains(own));
            let mut kernel = Kernel {
                ports: &ports,
                links: &links,
                assigned: BTreeSet::new(),
                assigns: false,
                faults: BTreeSet::new(),
            };
            kernel.visit_block(&code);
            let path = self.path.join("$");
            self.faults
                .extend(kernel.faults.iter().map(|fault| format!("{path}: {fault}")));
        }
        self.path.pop();
    }
}

/// The links of a kernel: the circuit's own port, and the signal of the child.
#[derive(Default)]
struct Links {
    pairs: Vec<(String, String)>,
}

impl VerilogVisitor for Links {
    fn visit_link(&mut self, links: &[VerilogLink]) {
        for link in links {
            let (VerilogLink::Forward(ends) | VerilogLink::Backward(ends) | VerilogLink::Bidirectional(ends)) =
                link;
            let field = ends.my_name.trim_start_matches('.').replace('.', "$");
            let name = |group: &str| format!("{group}${field}");
            self.pairs.push((name(&ends.owner_name), name(&ends.other_name)));
        }
    }
}

/// A kernel, in the order of its statements.
struct Kernel<'a> {
    ports: &'a Ports,
    links: &'a Links,
    assigned: BTreeSet<String>,
    /// Whether the expression visited is the target of an assignment.
    assigns: bool,
    faults: BTreeSet<String>,
}

impl Kernel<'_> {
    fn assignment(&mut self, target: &VerilogExpression, values: &[&VerilogExpression]) {
        for value in values {
            self.visit_expression(value);
        }
        self.assigns = true;
        self.visit_expression(target);
        self.assigns = false;
    }
}

impl VerilogVisitor for Kernel<'_> {
    fn visit_assignment(&mut self, target: &VerilogExpression, value: &VerilogExpression) {
        self.assignment(target, &[value]);
    }

    fn visit_slice_assignment(
        &mut self,
        target: &VerilogExpression,
        _: &usize,
        offset: &VerilogExpression,
        value: &VerilogExpression,
    ) {
        self.assignment(target, &[offset, value]);
    }

    fn visit_signal(&mut self, name: &str) {
        let name = name.trim_end_matches("$next");
        let pairs = &self.links.pairs;
        if pairs.iter().any(|(_, child)| child == name) {
            self.faults.insert(format!(
                "{name} is linked to the circuit's own port, which must be used instead"
            ));
        }
        if !self.ports.outputs.contains(name) {
            return;
        }
        let is_linked = pairs.iter().any(|(own, _)| own == name);
        if self.assigns {
            if is_linked {
                self.faults.insert(format!("{name} is both linked and assigned"));
            }
            self.assigned.insert(name.into());
        } else if !is_linked && !self.assigned.contains(name) {
            self.faults
                .insert(format!("{name} is read before it is assigned"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, LogicInterface)]
    struct Port {
        request: Signal<In, Bit>,
        answer: Signal<Out, Bit>,
    }

    #[derive(Debug, Default, LogicBlock)]
    struct Child {
        port: Port,
    }

    impl Logic for Child {
        #[hdl_gen]
        fn update(&mut self) {
            self.port.answer.next = !self.port.request.val();
        }
    }

    /// Circuits with a port group and a child that has the group, too.
    macro_rules! parents {
        ($($name:ident)*) => {$(
            #[derive(Debug, Default, LogicBlock)]
            struct $name {
                port: Port,
                other: Signal<Out, Bit>,
                child: Child,
            }
        )*};
    }

    parents!(Linked Assigned ReadEarly DrivenTwice Replaced);

    impl Logic for Linked {
        #[hdl_gen]
        fn update(&mut self) {
            Port::link(&mut self.port, &mut self.child.port);
            self.other.next = self.port.answer.val();
        }
    }

    impl Logic for Assigned {
        #[hdl_gen]
        fn update(&mut self) {
            self.child.port.request.next = self.port.request.val();
            self.port.answer.next = self.child.port.answer.val();
            self.other.next = self.port.answer.val();
        }
    }

    impl Logic for ReadEarly {
        #[hdl_gen]
        fn update(&mut self) {
            self.child.port.request.next = self.port.request.val();
            self.other.next = self.port.answer.val();
            self.port.answer.next = self.child.port.answer.val();
        }
    }

    impl Logic for DrivenTwice {
        #[hdl_gen]
        fn update(&mut self) {
            self.port.answer.next = true;
            self.other.next = true;
            Port::link(&mut self.port, &mut self.child.port);
        }
    }

    impl Logic for Replaced {
        #[hdl_gen]
        fn update(&mut self) {
            Port::link(&mut self.port, &mut self.child.port);
            self.other.next = self.child.port.answer.val();
        }
    }

    fn fault<B: Block>(mut circuit: B) -> Option<String> {
        circuit.connect_all();
        check_all(&circuit).expect("rust-hdl finds nothing");
        check(&circuit).err().map(|error| error.to_string())
    }

    #[test]
    fn groups_that_are_linked_or_assigned_are_accepted() {
        assert_eq!(fault(Linked::default()), None);
        assert_eq!(fault(Assigned::default()), None);
    }

    #[test]
    fn faults_of_groups_are_found() {
        for (found, expected) in [
            (
                fault(ReadEarly::default()),
                "port$answer is read before it is assigned",
            ),
            (
                fault(DrivenTwice::default()),
                "port$answer is both linked and assigned",
            ),
            (fault(Replaced::default()), "child$port$answer is linked"),
        ] {
            let found = found.expect("a fault");
            assert!(found.contains(expected), "{found}");
        }
    }
}
